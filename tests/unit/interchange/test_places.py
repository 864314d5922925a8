# SPDX-License-Identifier: Apache-2.0
"""Files of places: what is read, what is made out, and which rows are bad."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.crs import System, system_arrays
from geo.gazetteer.rules import PlaceKind
from geo.interchange.places import PlacesFile, prepare_places
from geo.interchange.read import Asked
from geo.interchange.rules import CrsUnknown, EncodingWrong, FieldMissing, LayerEmpty
from tests import town
from tests.files import write_shapefile

LON, LAT = town.point(50, 266)


def sheet(
    folder: Path, head: str, *rows: str, encoding: str = "utf-8", between: str = "\n"
) -> Path:
    path = folder / "地名.csv"
    path.write_bytes(between.join([head, *rows, ""]).encode(encoding))
    return path


def read(path: Path, **asked: str) -> PlacesFile:
    return prepare_places(path, asked=Asked(**asked))


def labels(found: PlacesFile) -> Sequence[str]:
    return [one.entry.label for one in found.brought]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", ["\n", "\r\n"])
def test_a_table_of_any_usual_encoding(tmp_path: Path, encoding: str, between: str) -> None:
    path = sheet(
        tmp_path,
        "街路,门牌号,小区,经度,纬度,别名",
        f"彩虹街,10号楼,彩虹小区,{LON},{LAT},老十号;供销社",
        encoding=encoding,
        between=between,
    )
    found = read(path)
    (house,) = found.brought
    assert (house.entry.label, house.entry.kind) == ("彩虹街10号楼", PlaceKind.BUILDING)
    assert (house.entry.street, house.entry.estate, house.entry.number) == (
        "彩虹街",
        "彩虹小区",
        "10",
    )
    assert [name.text for name in house.entry.names] == ["老十号", "供销社"]
    assert (house.entry.lon, house.entry.lat) == (LON, LAT)
    assert not found.bad
    assert [repair.code for repair in found.repairs] == ["repair.number_made_out"]


@pytest.mark.parametrize(
    ("row", "label", "kind"),
    [
        ("彩虹街10号,,,,", "彩虹街10号", PlaceKind.BUILDING),
        ("溪湖区东风街道彩虹社区彩虹街十号楼,,,,", "彩虹街10号楼", PlaceKind.BUILDING),
        ("供销大厦,彩虹街,10,,", "彩虹街10号", PlaceKind.BUILDING),
        (",彩虹街,第10栋,,", "彩虹街10号楼", PlaceKind.BUILDING),
        (",,10-3,丽景花园,", "丽景花园10-3号", PlaceKind.BUILDING),
        ("供销大厦,,,,楼栋", "供销大厦", PlaceKind.BUILDING),
        ("彩虹公园,,,,", "彩虹公园", PlaceKind.LANDMARK),
        ("彩虹公园,,,,公园", "彩虹公园", PlaceKind.LANDMARK),
        ("丽景花园,,,,小区", "丽景花园", PlaceKind.ESTATE),
        (",彩虹街,,,", "彩虹街", PlaceKind.STREET),
        (",,,丽景花园,", "丽景花园", PlaceKind.ESTATE),
        ("北台,,,,片区", "北台", PlaceKind.AREA),
    ],
)
def test_what_a_row_is(tmp_path: Path, row: str, label: str, kind: PlaceKind) -> None:
    found = read(sheet(tmp_path, "名称,街路,楼号,小区,类型,x,y", f"{row},{LON},{LAT}"))
    assert [(one.entry.label, one.entry.kind) for one in found.brought] == [(label, kind)]
    assert not found.bad


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (f"甲,,,{LAT},{LON}", "row.swapped"),
        ("甲,,,12,10", "row.abroad"),
        ("甲,,,,", "row.no_place"),
        ("甲,,,东,北", "row.no_place"),
        ("甲,,,nan,1", "row.no_place"),
        (f",,10,{LON},{LAT}", "row.house_homeless"),
        (f",彩虹街,甲号,{LON},{LAT}", "row.number_bad"),
        (f"！,,,{LON},{LAT}", "row.nameless"),
        (f"{'长' * 101},,,{LON},{LAT}", "row.name_unusable"),
        (f"甲,,,{LON},{LAT},多", "row.too_wide"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_others_are_read(
    tmp_path: Path, row: str, code: str
) -> None:
    good = [f"好{n},,,{LON},{LAT}" for n in range(4)]
    two_lines = f'"乙\n乙",,,{LON},{LAT}'
    path = sheet(tmp_path, "名称,街路,楼号,x,y", *good, "", two_lines, row, f"丙,,,{LON},{LAT}")
    found = read(path)
    # The head, four rows, a blank one, and one of two lines stand above it.
    assert [(one.line, one.code) for one in found.bad] == [(9, code)]
    assert labels(found) == ["好0", "好1", "好2", "好3", "乙 乙", "丙"]
    assert ("repair.row_blank", 1) in [(one.code, one.count) for one in found.repairs]


@pytest.mark.parametrize(
    ("wkt", "code"),
    [
        (f"GEOMETRYCOLLECTION(POINT({LON} {LAT}))", "row.geometry_wrong"),
        (f"LINEARRING({LON} {LAT},{LON} 41.3,123.8 41.3,{LON} {LAT})", "row.geometry_wrong"),
        (f"LINESTRING({LON} {LAT},{LON} {LAT})", "row.line_without_length"),
        (f"LINESTRING({LON} {LAT},{LON} {LAT + 1e-9})", "row.line_without_length"),
        (
            f"MULTILINESTRING(({LON} {LAT},123.8 41.3),({LON} {LAT},{LON} {LAT}))",
            "row.line_without_length",
        ),
    ],
)
def test_a_shape_that_is_no_place_and_no_street(tmp_path: Path, wkt: str, code: str) -> None:
    found = read(sheet(tmp_path, "名称,类型,图形", f'新开街,街路,"{wkt}"'))
    assert [(one.line, one.code) for one in found.bad] == [(2, code)]
    assert not found.brought


def test_rows_that_are_too_wide_are_rows(tmp_path: Path) -> None:
    row = f"甲,{LON},{LAT}"
    found = read(sheet(tmp_path, "名称,x,y", row, f"{row},多", f"{row},多"))
    assert (found.rows, len(found.bad)) == (3, 2)


def test_systems_of_a_table(tmp_path: Path) -> None:
    east, north = 564_050.0, 4_575_266.0
    path = sheet(tmp_path, "名称,x,y", f"甲,{east},{north}", f"乙,{east + 100},{north}")
    with pytest.raises(CrsUnknown):
        read(path)
    found = read(path, crs="EPSG:4550")
    assert (found.brought[0].entry.lon, found.brought[0].entry.lat) == (LON, LAT)
    assert found.said == ("utf-8 (by its bytes)", "EPSG:4550 (--crs)")
    lon, lat = system_arrays(np.array([LON]), np.array([LAT]), System.GCJ02)
    found = read(sheet(tmp_path, "名称,x,y", f"甲,{lon[0]},{lat[0]}"), crs="gcj02")
    spot = found.brought[0].entry
    assert (spot.lon, spot.lat) == pytest.approx((LON, LAT), abs=1e-6)


def test_refusals_of_a_whole_table(tmp_path: Path) -> None:
    with pytest.raises(FieldMissing):
        read(sheet(tmp_path, "名称,x", "甲,1"))
    with pytest.raises(LayerEmpty):
        read(sheet(tmp_path, "名称,x,y"))
    with pytest.raises(EncodingWrong):
        read(sheet(tmp_path, "名称,x,y", "甲,1,1", encoding="gbk"), encoding="utf-8")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\xff\x00\x81")
    with pytest.raises(EncodingWrong):
        read(broken)


@pytest.mark.parametrize(("srid", "encoding", "cpg"), [(4550, "GBK", False), (4490, "UTF-8", True)])
def test_layers(tmp_path: Path, srid: int, encoding: str, cpg: bool) -> None:
    line = shapely.LineString([town.point(0, 250), town.point(300, 250)])
    path = write_shapefile(
        tmp_path / "道路.shp",
        [line, line],
        {"名称": ["彩虹街", ""], "等级": ["main", "lane"]},
        srid=srid,
        encoding=encoding,
        cpg=cpg,
    )
    found = read(path)
    (street,) = found.brought
    assert (street.entry.label, street.entry.street) == ("彩虹街", "彩虹街")
    ((kind, drawn),) = street.lines
    assert kind == "main"
    assert shapely.hausdorff_distance(drawn, line) < 1e-7
    assert [(one.line, one.code) for one in found.bad] == [(2, "row.nameless")]
    assert not found.by_line


def test_the_progress_is_told(tmp_path: Path) -> None:
    rows = [f"甲{n},{LON},{LAT}" for n in range(2500)]
    heard: list[tuple[int, int]] = []
    prepare_places(
        sheet(tmp_path, "名称,x,y", *rows), told=lambda done, total: heard.append((done, total))
    )
    assert heard == [(0, 2500), (2000, 2500), (2500, 2500)]
