# SPDX-License-Identifier: Apache-2.0
"""A plan to files and back, the same to the last coordinate; and part of one, from elsewhere."""

import csv
import zipfile
from pathlib import Path

import pyogrio
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from geo import geojson
from geo.ids import Level
from geo.interchange.export import CHINESE, format_of
from geo.interchange.plan_export import write_division
from geo.interchange.plan_files import PlanFile, codes_listed, read_plan
from geo.interchange.read import Asked
from geo.interchange.rules import (
    FileNotReadable,
    Format,
    FormatUnknown,
    GeometryWrong,
    LayerAmbiguous,
    ParentMissing,
    Unrepairable,
    ValueBad,
)
from geo.plans.edits import Found, Merge, Reassign, Repair, Split, apply
from geo.plans.problems import Detail, problems
from geo.plans.rules import Division
from tests import drawing, town
from tests.files import write_shapefile, zipped
from tests.mess import messed

GROUND = drawing.standing()
TOWN = drawing.division()


def drawn() -> Division:
    """The town after a split, a merge, a reassignment and a new community."""
    division = TOWN
    for edit in (
        Split(town.N1, drawing.line((50, 190), (53, 250), (50, 310))),
        Merge((town.S1, town.S2)),
        Reassign((town.M1,), "210503101001"),
        Found((town.M3,), "210503101", "东社区"),
    ):
        division = apply(division, GROUND, edit).division
    return division


def shapes(division: Division) -> list[str]:
    return sorted(shapely.normalize(cell.shape).wkt for cell in division.cells.values())


def sent(
    folder: Path, *cells: tuple[BaseGeometry, dict[str, str]], name: str = "cells.geojson"
) -> Path:
    """A GeoJSON file of cells in degrees."""
    out = folder / name
    features = [geojson.feature(shape, said) for shape, said in cells]
    out.write_bytes(geojson.dumps(geojson.collection(features)))
    return out


def read(path: Path, base: Division = TOWN, asked: Asked = Asked()) -> PlanFile:
    return read_plan(path, base, GROUND, asked=asked)


@pytest.mark.parametrize("name", ["plan.zip", "plan.gpkg", "plan"])
def test_a_draft_comes_back_the_same(tmp_path: Path, name: str) -> None:
    division = drawn()
    out = tmp_path / name
    layers = write_division(out, division, GROUND, town.buildings(), format_of(out, None))
    assert layers == ["district", "subdistricts", "communities", "cells", "buildings"]
    back = read(out)
    assert shapes(back.division) == shapes(division)
    assert problems(back.division, GROUND) == []
    assert {cell.name for cell in back.division.cells.values()} == {
        cell.name for cell in division.cells.values()
    }
    lineage = sorted(cell.came_from for cell in division.cells.values())
    assert sorted(cell.came_from for cell in back.division.cells.values()) == lineage
    assert {upper.name for upper in back.division.uppers.values()} == {
        upper.name for upper in division.uppers.values()
    }
    # Codes that the draft gave are given anew, in the same community.
    codes = [code for code in division.cells if not code.isdigit()]
    assert {code: back.issued[code] for code in codes} == dict(zip(codes, codes, strict=True))
    assert (back.kept, back.retired) == (
        (),
        tuple(sorted((town.N1, town.S1, town.S2, town.M1, town.M3))),
    )


@pytest.mark.parametrize("name", ["cells.zip", "cells.gpkg", "cells.geojson", "cells.shp"])
def test_cells_alone_come_back_to_the_last_coordinate(tmp_path: Path, name: str) -> None:
    division = apply(TOWN, GROUND, Merge((town.S1, town.S2))).division
    out = tmp_path / name
    write_division(out, division, GROUND, [], format_of(out, None), level=Level.CELL)
    assert shapes(read(out).division) == shapes(division)


@pytest.mark.parametrize("form", list(Format))
def test_a_plan_in_a_mess_comes_back_in_that_mess(tmp_path: Path, form: Format) -> None:
    faulty = messed(TOWN, 4, share=0.6)
    out = tmp_path / "plan.zip"
    write_division(out, faulty, GROUND, town.buildings(), form)
    back = read(out).division
    assert {one.detail for one in problems(back, GROUND)} >= {
        one.detail for one in problems(faulty, GROUND)
    } - {Detail.BUILDING_ASTRAY, Detail.BUILDING_HOMELESS}
    ids = tuple(one.id for one in problems(back, GROUND) if one.repair is not None)
    mended = apply(back, GROUND, Repair(ids)).division
    assert {one.detail for one in problems(mended, GROUND)} <= {Detail.AREA_IN_PARTS}


def test_the_plan_itself_comes_back_as_it_is(tmp_path: Path) -> None:
    write_division(tmp_path / "plan.gpkg", TOWN, GROUND, town.buildings(), Format.GPKG)
    back = read(tmp_path / "plan.gpkg")
    assert back.division == TOWN
    assert (back.notes, back.issued, back.retired) == ([], {}, ())


def test_field_names_are_short_ascii_with_the_chinese_ones_beside(tmp_path: Path) -> None:
    write_division(tmp_path / "plan.zip", drawn(), GROUND, town.buildings(), Format.SHP)
    with zipfile.ZipFile(tmp_path / "plan.zip") as archive:
        assert archive.read("cells.cpg") == b"UTF-8"
        archive.extractall(tmp_path / "out")
        rows = list(csv.DictReader(archive.read("fields.csv").decode().splitlines()))
    fields = pyogrio.read_info(tmp_path / "out" / "cells.shp")["fields"].tolist()
    assert fields == ["code", "name", "parent", "households", "aliases", "came_from"]
    assert all(len(field) <= 10 and field.isascii() for field in fields)
    said = {row["field"]: row["chinese"] for row in rows if row["layer"] == "cells"}
    assert said == {field: CHINESE[field] for field in fields}


def test_a_file_of_some_cells_leaves_the_rest(tmp_path: Path) -> None:
    # The border between S1 and S2 ten metres to the east.
    back = read(
        sent(
            tmp_path,
            (town.box(0, 0, 110, 100), {"code": town.S1, "name": "西网格"}),
            (town.box(110, 0, 200, 100), {"code": town.S2}),
        )
    )
    assert (len(back.kept), back.retired, back.read) == (7, (), 2)
    assert back.division.cell(town.S1).name == "西网格"
    assert back.division.cell(town.S2).name == TOWN.cell(town.S2).name
    assert back.division.cell(town.N1) is TOWN.cell(town.N1)
    assert [note.code for note in back.notes] == ["repair.cells_kept"]


def test_cells_without_codes_are_of_the_community_they_lie_in(tmp_path: Path) -> None:
    back = read(
        sent(
            tmp_path,
            (town.box(0, 200, 150, 300), {"名称": "西"}),
            (town.box(150, 200, 300, 300), {"名称": "东"}),
        )
    )
    assert back.retired == (town.N1, town.N2, town.N3)
    west, east = (cell for cell in back.division.cells.values() if "D" in cell.code)
    assert (west.name, west.community, west.came_from) == ("西", "210503101001", (town.N1, town.N2))
    assert east.came_from == (town.N2, town.N3)
    assert sorted((*west.buildings, *east.buildings)) == sorted(
        id for code in (town.N1, town.N2, town.N3) for id in TOWN.cell(code).buildings
    )
    codes = {note.code for note in back.notes}
    assert codes >= {"repair.code_issued", "repair.community_by_place", "repair.lineage_by_place"}


def test_an_attribute_moves_a_cell_to_another_community(tmp_path: Path) -> None:
    said = {"code": town.M1, "社区编码": "210503101001"}
    back = read(sent(tmp_path, (town.box(0, 100, 100, 200), said)))
    assert back.issued == {town.M1: "210503101001D01"}
    moved = back.division.cell("210503101001D01")
    assert (moved.came_from, len(moved.buildings)) == ((town.M1,), 1)
    assert town.M1 not in back.division.cells


def test_features_of_one_code_are_joined_or_told_twice(tmp_path: Path) -> None:
    halves = read(
        sent(
            tmp_path,
            (town.box(0, 0, 50, 100), {"code": town.S1}),
            (town.box(50, 0, 100, 100), {"code": town.S1}),
        )
    )
    assert [note.code for note in halves.notes] == ["repair.parts_joined", "repair.cells_kept"]
    assert halves.division.cell(town.S1).shape.geom_type == "Polygon"
    twice = read(
        sent(
            tmp_path,
            (town.box(0, 0, 100, 100), {"code": town.S1}),
            (town.box(0, 0, 101, 100), {"code": town.S1}),
            name="twice.geojson",
        )
    )
    assert "repair.told_twice" in {note.code for note in twice.notes}
    assert Detail.DUPLICATE in {one.detail for one in problems(twice.division, GROUND)}


def test_encoding_and_crs_are_found_as_in_any_import(tmp_path: Path) -> None:
    folder = tmp_path / "gbk"
    folder.mkdir()
    write_shapefile(
        folder / "cells.shp",
        [town.box(0, 0, 110, 100)],
        {"网格编码": [town.S1], "网格名称": ["彩虹网格"]},
        encoding="GBK",
    )
    back = read(zipped(folder / "cells.shp"))
    assert back.division.cell(town.S1).name == "彩虹网格"
    assert back.said[1] == "EPSG:4326"


def test_what_is_no_plan_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ParentMissing):
        read(sent(tmp_path, (town.box(5000, 0, 5100, 100), {"name": "远"})))
    with pytest.raises(GeometryWrong):
        read(sent(tmp_path, (drawing.line((0, 0), (1, 1)), {"code": town.S1})))
    flat = shapely.Polygon([town.point(0, 0), town.point(9, 0), town.point(0, 0)])
    with pytest.raises(Unrepairable):
        read(sent(tmp_path, (flat, {"code": town.S1})))
    with pytest.raises(ValueBad):
        read(sent(tmp_path, (town.box(0, 0, 100, 100), {"code": town.S1, "name": "长" * 101})))
    (tmp_path / "bad.gpkg").write_bytes(b"PK")
    with pytest.raises(FileNotReadable):
        read(tmp_path / "bad.gpkg")
    (tmp_path / "plan.txt").write_text("")
    with pytest.raises(FormatUnknown):
        read(tmp_path / "plan.txt")
    folder = tmp_path / "two"
    folder.mkdir()
    sent(folder, (town.box(0, 0, 1, 1), {}), name="a.geojson")
    sent(folder, (town.box(0, 0, 1, 1), {}), name="b.geojson")
    with pytest.raises(LayerAmbiguous):
        read(folder)


def test_codes_are_listed_short_in_one_community() -> None:
    assert codes_listed("210503101001001;002;210503101002001") == (town.N1, town.N2, town.M1)
    assert codes_listed("") == ()
