# SPDX-License-Identifier: Apache-2.0
"""Files become districts and levels of districts, in one transaction or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import text

from geo.db import Database
from geo.hierarchy.queries import areas, districts, plan_in_force
from geo.hierarchy.rules import DistrictExists, LevelPresent, NoPlanInForce, PlanUnsound
from geo.ids import DistrictCode, Level
from geo.interchange.folder import DistrictFolder
from geo.interchange.imports import Stored, prepare, store
from geo.interchange.rules import (
    AREA_LAYERS,
    CodeUnknown,
    DistrictUnnamed,
    ParentLevelMissing,
    Unrepairable,
)
from tests import town
from tests.files import apart_m, write_shapefile, zipped

SHARED = Path(__file__).parents[4] / "shared" / "data"
BENXI = sorted(SHARED.glob("benxi_*.zip"))
DEMO = Path(__file__).parents[3] / "data" / "shapefiles"
AT = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TOWN = DistrictCode(town.DISTRICT)
PARTS = {level: [area for area in town.areas() if area.level is level] for level in Level}


def write_level(folder: Path, level: Level, *, codes: bool = True, **options: Any) -> Path:
    """A shapefile of one level of the town."""
    found = PARTS[level]
    columns = {"名称": [area.name for area in found]}
    if codes:
        columns["代码"] = [area.code for area in found]
    shapes = [area.boundary for area in found if area.boundary is not None]
    return write_shapefile(folder / f"{level.value}.shp", shapes, columns, **options)


def bring_in(database: Database, path: Path, *, on: date = TODAY, **options: Any) -> Stored:
    prepared = prepare(path, **options)
    with database.transaction() as session:
        return store(session, prepared, at=AT, in_force_from=on, by="system", plan_name=path.name)


def stored(database: Database, code: DistrictCode = TOWN, on: date = TODAY) -> dict[str, Any]:
    with database.snapshot() as session:
        plan = plan_in_force(session, code, on)
        return {area.code: area for area in areas(session, code, plan.id)}


def is_empty(database: Database) -> bool:
    with database.snapshot() as session:
        return all(
            session.scalar(text(f"select count(*) from {table}")) == 0
            for table in ("district", "plan", "area", "area_code", "building", "outbox", "place")
        )


@pytest.mark.parametrize(
    ("srid", "encoding", "cpg"),
    [(4529, "GBK", False), (4550, "GBK", True), (4490, "UTF-8", True), (4490, "GBK", False)],
)
def test_a_district_grows_level_by_level(
    empty: Database, tmp_path: Path, srid: int, encoding: str, cpg: bool
) -> None:
    options: dict[str, Any] = {"srid": srid, "encoding": encoding, "cpg": cpg}
    for level in (Level.DISTRICT, Level.SUBDISTRICT, Level.COMMUNITY, Level.CELL):
        done = bring_in(empty, zipped(write_level(tmp_path, level, **options)))
        assert done.counts == {level: len(PARTS[level])}
    found = stored(empty)
    for level in list(Level)[:4]:
        for area in PARTS[level]:
            assert found[area.code].name == area.name
            assert apart_m(found[area.code].boundary, area.boundary) < 0.05
    with empty.snapshot() as session:
        published = session.scalar(text("select count(*) from plan where status = 'published'"))
        assert published == 1
        kinds = list(session.scalars(text("select kind from outbox order by seq")))
        assert sorted(kinds) == ["check_in_policy.changed", *["plan.published"] * 4]


def test_levels_of_other_days_leave_the_older_plans_in_force_on_theirs(
    empty: Database, tmp_path: Path
) -> None:
    bring_in(empty, write_level(tmp_path, Level.DISTRICT), on=date(2020, 1, 1))
    bring_in(empty, write_level(tmp_path, Level.SUBDISTRICT), on=TODAY)
    assert len(stored(empty, on=date(2026, 3, 1))) == 1
    assert len(stored(empty, on=TODAY)) == 3


def test_levels_without_codes_are_numbered_by_their_place(empty: Database, tmp_path: Path) -> None:
    bring_in(empty, write_level(tmp_path, Level.DISTRICT))
    for level in (Level.SUBDISTRICT, Level.COMMUNITY, Level.CELL):
        bring_in(empty, write_level(tmp_path, level, codes=False), level=level)
    found = stored(empty)
    # The upper subdistrict is numbered first, the lower second, by their place alone.
    assert found["210503001"].name == "上街道"
    assert found["210503002"].name == "下街道"
    assert found["210503001001"].name == "北社区"
    north_west = found["210503001001001"]
    assert apart_m(north_west.boundary, town.box(0, 200, 100, 300)) < 0.05


def test_a_level_that_is_there_is_not_replaced(empty: Database, tmp_path: Path) -> None:
    bring_in(empty, write_level(tmp_path, Level.DISTRICT))
    bring_in(empty, write_level(tmp_path, Level.SUBDISTRICT))
    before = stored(empty)
    with pytest.raises(LevelPresent):
        bring_in(empty, write_level(tmp_path, Level.SUBDISTRICT))
    with pytest.raises(DistrictExists):
        bring_in(empty, write_level(tmp_path, Level.DISTRICT))
    assert stored(empty) == before


def test_a_level_needs_the_one_above(empty: Database, tmp_path: Path) -> None:
    with pytest.raises(DistrictUnnamed):
        bring_in(empty, write_level(tmp_path, Level.CELL))
    bring_in(empty, write_level(tmp_path, Level.DISTRICT))
    with pytest.raises(ParentLevelMissing):
        bring_in(empty, write_level(tmp_path, Level.CELL))
    with pytest.raises(NoPlanInForce):
        bring_in(empty, write_level(tmp_path, Level.SUBDISTRICT), on=date(2019, 1, 1))


def test_half_a_district_is_refused_with_the_gap(empty: Database, tmp_path: Path) -> None:
    bring_in(empty, write_level(tmp_path, Level.DISTRICT))
    half = write_shapefile(
        tmp_path / "half.shp",
        [PARTS[Level.SUBDISTRICT][0].boundary],  # type: ignore[list-item]
        {"name": ["上街道"], "code": ["210503101"]},
    )
    with pytest.raises(Unrepairable) as refused:
        bring_in(empty, half)
    assert refused.value.fields["kind"] == "gap"
    assert refused.value.fields["size_m2"] == pytest.approx(30_000, abs=50)
    assert len(stored(empty)) == 1


def test_building_groups_come_last(empty: Database, tmp_path: Path) -> None:
    for level in Level:
        bring_in(empty, write_level(tmp_path, level))
    found = stored(empty)
    assert sum(area.level is Level.BUILDING_GROUP for area in found.values()) == 9


def test_districts_without_codes_are_known_by_name_or_refused(
    empty: Database, tmp_path: Path
) -> None:
    shapes = [town.box(0, 0, 100, 100), town.box(100, 0, 200, 100)]
    known = write_shapefile(tmp_path / "a.shp", shapes, {"名称": ["溪湖区", "平山区"]})
    bring_in(empty, known, level=Level.DISTRICT)
    with empty.snapshot() as session:
        assert [found.code for found in districts(session)] == ["210502", "210503"]
    unknown = write_shapefile(tmp_path / "b.shp", shapes, {"名称": ["甲区", "乙区"]})
    with pytest.raises(CodeUnknown):
        bring_in(empty, unknown, level=Level.DISTRICT)


def test_the_second_of_two_districts_failing_takes_the_first_with_it(
    empty: Database, tmp_path: Path
) -> None:
    file = write_shapefile(
        tmp_path / "a.shp",
        [town.box(0, 0, 100, 100), town.box(500, 0, 600, 100)],
        {"code": ["210502", "210502"], "name": ["甲区", "乙区"]},
    )
    with pytest.raises(DistrictExists):
        bring_in(empty, file)
    assert is_empty(empty)


def write_folder(folder: Path, **options: Any) -> Path:
    """The whole town, each level drawn by itself, in the layout of the demo."""
    folder.mkdir()
    for layer, level in AREA_LAYERS.items():
        write_level(folder, level, **options)
        for part in folder.glob(f"{level.value}.*"):
            part.rename(folder / f"{layer}{part.suffix}")
    return folder


def test_a_folder_in_gbk_and_metres_comes_in_whole(empty: Database, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "town", srid=4529, encoding="GBK", cpg=False)
    done = bring_in(empty, folder)
    assert done.counts == {level: len(PARTS[level]) for level in Level}
    found = stored(empty)
    for area in town.areas():
        assert found[area.code].name == area.name
        assert apart_m(found[area.code].boundary, area.boundary) < 0.05


@pytest.mark.skipif(len(BENXI) != 3, reason="../shared/data holds no Benxi files")
@pytest.mark.parametrize("path", BENXI, ids=lambda path: path.stem)
def test_each_benxi_file_gives_the_same_districts(empty: Database, path: Path) -> None:
    """Twin with data of its own: test_a_district_grows_level_by_level."""
    done = bring_in(empty, path)
    assert done.counts == {Level.DISTRICT: 6}
    geographic = prepare(next(found for found in BENXI if "4490" in found.name))
    assert not isinstance(geographic, DistrictFolder)
    for row, shape in zip(geographic.layer.rows, geographic.layer.shapes, strict=True):
        code = DistrictCode(str(row["代码"]))
        area = stored(empty, code)[code]
        assert area.name == row["名称"]
        assert apart_m(area.boundary, shape) < 0.05


@pytest.fixture(scope="module")
def demo() -> DistrictFolder:
    prepared = prepare(DEMO)
    assert isinstance(prepared, DistrictFolder)
    return prepared


def test_the_demo_comes_in_unchanged_and_a_second_time_not(
    empty: Database, demo: DistrictFolder
) -> None:
    assert demo.repairs == []
    with empty.transaction() as session:
        done = store(session, demo, at=AT, in_force_from=TODAY, by="system", plan_name="x")
    assert (done.counts[Level.SUBDISTRICT], done.counts[Level.COMMUNITY]) == (7, 52)
    assert done.counts[Level.CELL] == 315
    found = stored(empty)
    with empty.snapshot() as session:
        for table, known in (("checkpoint", demo.checkpoints), ("street", demo.streets)):
            assert session.scalar(text(f"select count(*) from {table}")) == len(known)
        assert session.scalar(text("select count(*) from check_in_policy")) == 1
    for area in demo.areas:
        assert shapely.equals_exact(area.boundary, found[area.code].boundary, tolerance=0)
    with pytest.raises(DistrictExists), empty.transaction() as session:
        store(session, demo, at=AT, in_force_from=TODAY, by="system", plan_name="x")


def test_a_district_of_unsound_areas_leaves_nothing(empty: Database, demo: DistrictFolder) -> None:
    cells = [area for area in demo.areas if area.level is Level.CELL]
    others = [area for area in demo.areas if area is not cells[0]]
    with pytest.raises(PlanUnsound), empty.transaction() as session:
        store(
            session,
            replace(demo, areas=others),
            at=AT,
            in_force_from=TODAY,
            by="system",
            plan_name="x",
        )
    assert is_empty(empty)
