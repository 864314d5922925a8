# SPDX-License-Identifier: Apache-2.0
"""What goes out comes back the same to the last coordinate."""

from pathlib import Path

import pyogrio
import pytest
import shapely

from geo.db import Database
from geo.hierarchy.queries import areas, buildings, plan_in_force
from geo.hierarchy.rules import Area, Building
from geo.ids import Level
from geo.interchange.export import format_of, write_plan
from geo.interchange.folder import DistrictFolder
from geo.interchange.imports import OneLevel, prepare
from geo.interchange.rules import ExportExists, Format, FormatUnknown, LayerEmpty, TextUnfit
from tests import town


def of_town(database: Database) -> tuple[list[Area], list[Building]]:
    with database.snapshot() as session:
        plan = plan_in_force(session, town.DISTRICT, town.IN_FORCE_FROM)
        return (
            areas(session, town.DISTRICT, plan.id),
            buildings(session, town.DISTRICT, plan.id),
        )


def same(one: shapely.Geometry | None, other: shapely.Geometry | None) -> bool:
    """The same coordinates to the last bit; formats differ in where a ring begins and its turn."""
    return bool(shapely.equals_exact(one, other, tolerance=0, normalize=True))


@pytest.mark.parametrize("name", ["plan", "plan.zip", "plan.gpkg"])
def test_a_whole_plan_comes_back(database: Database, tmp_path: Path, name: str) -> None:
    known, houses = of_town(database)
    out = tmp_path / name
    layers = write_plan(out, known, houses, format_of(out, None))
    assert layers == ["district", "subdistricts", "communities", "cells", "bldggroups", "buildings"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    back = prepare(out)
    assert isinstance(back, DistrictFolder)
    assert {one.code for one in back.repairs} == set()
    found = {area.code: area for area in back.areas}
    assert len(found) == len(known)
    for area in known:
        mine = found[area.code]
        assert (mine.name, mine.aliases, mine.parent) == (area.name, area.aliases, area.parent)
        assert mine.households == area.households
        assert same(mine.boundary, area.boundary)
    for old, new in zip(houses, sorted(back.buildings, key=lambda one: one.id), strict=True):
        assert same(old.footprint, new.footprint)
        assert (old.id, old.street, old.number, old.cell) == (
            new.id,
            new.street,
            new.number,
            new.cell,
        )


@pytest.mark.parametrize("name", ["cells.shp", "cells.gpkg", "cells.geojson", "cells.zip"])
def test_one_level_comes_back(database: Database, tmp_path: Path, name: str) -> None:
    known, _ = of_town(database)
    cells = [area for area in known if area.level is Level.CELL]
    out = tmp_path / name
    write_plan(out, cells, [], format_of(out, None))
    back = prepare(out)
    assert isinstance(back, OneLevel)
    assert back.level is Level.CELL
    assert back.repairs == []
    for area, row, shape in zip(cells, back.layer.rows, back.shapes, strict=True):
        assert (row["code"], row["name"]) == (area.code, area.name)
        assert same(area.boundary, shape)


def test_names_of_fields_are_short_ascii_with_the_chinese_ones_beside(
    database: Database, tmp_path: Path
) -> None:
    write_plan(tmp_path / "plan", *of_town(database), Format.SHP)
    for path in (tmp_path / "plan").glob("*.shp"):
        assert path.with_suffix(".cpg").read_text() == "UTF-8"
        for field in pyogrio.read_info(path)["fields"]:
            assert field.isascii()
            assert len(field) <= 10
    beside = (tmp_path / "plan" / "fields.csv").read_text("utf-8")
    assert "cells,households,户数" in beside


def test_nothing_is_overwritten_and_nothing_half_written(
    database: Database, tmp_path: Path
) -> None:
    known, houses = of_town(database)
    there = tmp_path / "there.gpkg"
    there.write_text("mine")
    with pytest.raises(ExportExists):
        write_plan(there, known, houses, Format.GPKG)
    assert there.read_text() == "mine"
    long = [Area(**{**vars(area), "aliases": ("长" * 100,)}) for area in known]
    with pytest.raises(TextUnfit):
        write_plan(tmp_path / "long", long, [], Format.SHP)
    write_plan(tmp_path / "long.gpkg", long, [], Format.GPKG)
    with pytest.raises(LayerEmpty):
        write_plan(tmp_path / "none", [], [], Format.SHP)
    with pytest.raises(FormatUnknown):
        write_plan(tmp_path / "all.geojson", known, houses, Format.GEOJSON)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.gpkg", "there.gpkg"]


def test_a_format_is_known_by_its_suffix() -> None:
    assert format_of(Path("a.gpkg"), None) is Format.GPKG
    assert format_of(Path("a"), Format.GEOJSON) is Format.GEOJSON
    with pytest.raises(FormatUnknown):
        format_of(Path("a.doc"), None)
