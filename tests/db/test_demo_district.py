# SPDX-License-Identifier: Apache-2.0
"""The acceptance test: the demo district comes from its files into PostGIS, whole."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
import shapely
from sqlalchemy import text

from geo.cluster import Cluster
from geo.db import Database, migrate
from geo.hierarchy.actions import install_district
from geo.hierarchy.queries import areas, district, districts, locate, plan_in_force
from geo.hierarchy.rules import coverage_problems
from geo.ids import DistrictCode, Level
from geo.interchange.folder import DistrictFolder, read_district_folder
from geo.reactions import REACTIONS

SHAPEFILES = Path(__file__).parents[2] / "data" / "shapefiles"
XIHU = DistrictCode("210503")
IN_FORCE_FROM = date(2020, 1, 1)


@pytest.fixture(scope="module")
def folder() -> DistrictFolder:
    return read_district_folder(SHAPEFILES)


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, folder: DistrictFolder) -> Iterator[Database]:
    """A fresh database with the demo district; the load may take seconds, not minutes."""
    name = f"xihu_{uuid4().hex[:12]}"
    cluster.create_database(name)
    migrate(cluster.url(name))
    database = Database(cluster.url(name), reactions=REACTIONS)
    began = monotonic()
    with database.transaction() as session:
        install_district(
            session,
            areas=folder.areas,
            buildings=folder.buildings,
            in_force_from=IN_FORCE_FROM,
            at=datetime(2026, 3, 2, tzinfo=UTC),
            plan_name="首版方案",
            demo=True,
        )
    assert monotonic() - began < 30
    yield database
    database.close()
    cluster.drop_database(name)


def test_the_five_levels_have_the_counts_of_the_source(loaded: Database) -> None:
    with loaded.snapshot() as session:
        assert [found.name for found in districts(session)] == ["溪湖区"]
        plan = plan_in_force(session, XIHU, IN_FORCE_FROM)
        counts = Counter(found.level for found in areas(session, XIHU, plan.id, geometry=False))
        assert counts[Level.DISTRICT] == 1
        assert counts[Level.SUBDISTRICT] == 7
        assert counts[Level.COMMUNITY] == 52
        assert counts[Level.CELL] == 315
        assert 1200 <= counts[Level.BUILDING_GROUP] <= 2000


def test_what_is_stored_tiles_the_district_exactly(loaded: Database) -> None:
    with loaded.snapshot() as session:
        plan = plan_in_force(session, XIHU, IN_FORCE_FROM)
        stored = areas(session, XIHU, plan.id)
    assert coverage_problems(stored) == []
    cells = [found.boundary for found in stored if found.level is Level.CELL]
    root = next(found.boundary for found in stored if found.level is Level.DISTRICT)
    assert shapely.union_all(cells).equals(root)


def test_no_coordinate_is_off_the_grid_or_changed(loaded: Database, folder: DistrictFolder) -> None:
    with loaded.snapshot() as session:
        plan = plan_in_force(session, XIHU, IN_FORCE_FROM)
        stored = {found.code: found.boundary for found in areas(session, XIHU, plan.id)}
    for found in folder.areas:
        assert shapely.equals_exact(found.boundary, stored[found.code], tolerance=0)


def test_households_are_those_of_the_buildings(loaded: Database, folder: DistrictFolder) -> None:
    total = sum(building.households for building in folder.buildings)
    with loaded.snapshot() as session:
        plan = plan_in_force(session, XIHU, IN_FORCE_FROM)
        stored = {found.code: found for found in areas(session, XIHU, plan.id, geometry=False)}
    assert stored[XIHU].households == total  # type: ignore[index]
    for found in folder.areas:
        if found.level is Level.CELL:
            assert stored[found.code].households == found.households


def test_every_checkpoint_lies_in_its_cell(loaded: Database, folder: DistrictFolder) -> None:
    per_cell = Counter(site.cell for site in folder.checkpoints)
    cells = {found.code for found in folder.areas if found.level is Level.CELL}
    assert set(per_cell) == cells
    assert all(3 <= count <= 5 for count in per_cell.values())
    codes = [site.code for site in folder.checkpoints]
    assert len(set(codes)) == len(codes)
    with loaded.snapshot() as session:
        plan = plan_in_force(session, XIHU, IN_FORCE_FROM)
        place = district(session, XIHU)
        for site in folder.checkpoints[::25]:
            assert locate(session, place, plan.id, site.lon, site.lat).cell == site.cell


def test_rainbow_street_stands_in_rainbow_community(
    loaded: Database, folder: DistrictFolder
) -> None:
    tenth = [
        building
        for building in folder.buildings
        if building.street == "彩虹街" and building.number == "10"
    ]
    names = {found.code: found for found in folder.areas}
    assert {names[building.cell[:12]].name for building in tenth} == {"彩虹社区"}  # type: ignore[index]
    assert "彩宏社区" in names[tenth[0].cell[:12]].aliases  # type: ignore[index]
    assert names[tenth[0].cell[:9]].name == "东风街道"  # type: ignore[index]


def test_postgis_finds_every_geometry_sound(loaded: Database) -> None:
    with loaded.snapshot() as session:
        assert session.scalar(text("select bool_and(ST_IsValid(boundary)) from area"))
        assert session.scalar(text("select bool_and(ST_IsValid(footprint)) from building"))
