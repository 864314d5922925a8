# SPDX-License-Identifier: Apache-2.0
"""Files of every kind that districts hand over are read, or refused with the reason."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.crs import metres
from geo.interchange.bring import fields_of
from geo.interchange.dbf import codec_of
from geo.interchange.imports import OneLevel, prepare
from geo.interchange.read import Asked, read_layer
from geo.interchange.rules import (
    CrsContradicted,
    CrsNoDatumShift,
    CrsUnknown,
    CrsUnsupported,
    EncodingWrong,
    FileNotReadable,
    FileTooLarge,
    FileTruncated,
    FormatUnknown,
    GeometryWrong,
    LayerEmpty,
    PartMissing,
    PlaceImplausible,
    ValueBad,
)
from tests import town
from tests.files import apart_m, write_shapefile, zipped

SHARED = Path(__file__).parents[4] / "shared" / "data"
BENXI = sorted(SHARED.glob("benxi_*.zip"))
NAMES = ["平山区", "溪湖区"]
CODES = ["210502", "210503"]
SHAPES = [town.box(0, 0, 100, 300), town.box(100, 0, 300, 300)]
COLUMNS = {"代码": CODES, "名称": NAMES, "人口": [349130, 252671]}


def prepared(path: Path, asked: Asked = Asked()) -> OneLevel:
    found = prepare(path, asked=asked)
    assert isinstance(found, OneLevel)
    return found


def apart_at_most_m(one: OneLevel, shapes: Sequence[shapely.Geometry]) -> float:
    """The largest distance in metres between outlines that should be the same."""
    return max(apart_m(mine, other) for mine, other in zip(one.shapes, shapes, strict=True))


@pytest.mark.parametrize("srid", [4529, 4528, 4549, 4550, 4490, 4326])
@pytest.mark.parametrize(
    ("encoding", "cpg"), [("GBK", False), ("GBK", True), ("UTF-8", True), ("UTF-8", False)]
)
def test_every_encoding_and_system_gives_the_same_polygons(
    tmp_path: Path, srid: int, encoding: str, cpg: bool
) -> None:
    # A name of ten bytes and more would be cut: four characters fit in GBK, three in UTF-8.
    code = "区划代码" if encoding == "GBK" else "代码"
    columns = {code: CODES, "名称": NAMES, "人口": [349130, 252671]}
    file = write_shapefile(
        tmp_path / "qu.shp", SHAPES, columns, srid=srid, encoding=encoding, cpg=cpg
    )
    found = prepared(zipped(file))
    assert [row["名称"] for row in found.layer.rows] == NAMES
    assert found.layer.fields == tuple(columns)
    assert found.layer.srid == srid
    assert apart_at_most_m(found, SHAPES) < 0.05
    assert found.fields == {"code": code, "name": "名称"}


@pytest.mark.skipif(len(BENXI) != 3, reason="../shared/data holds no Benxi files")
def test_the_three_benxi_files_give_the_same_polygons() -> None:
    """Twin with data of its own: test_every_encoding_and_system_gives_the_same_polygons."""
    three = [prepared(path) for path in BENXI]
    names = [[str(row[found.fields["name"]]) for row in found.layer.rows] for found in three]
    assert names[0] == names[1] == names[2]
    assert "本溪满族自治县" in names[0]
    truth = shapely_of_the_geographic_file()
    for found in three:
        assert apart_at_most_m(found, truth) < 0.05
        assert found.repairs == []


def shapely_of_the_geographic_file() -> list[shapely.Geometry]:
    """The same polygons by another reader."""
    path = next(path for path in BENXI if "4490" in path.name)
    return list(geopandas.read_file(path).geometry)


def test_a_latin_1_declaration_over_gbk_is_not_believed(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, encoding="GBK")
    file.with_suffix(".cpg").write_text("ISO-8859-1")
    assert prepared(file).layer.rows[1]["名称"] == "溪湖区"


def test_a_wrong_declaration_gives_way_to_what_decodes(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, encoding="GBK")
    file.with_suffix(".cpg").write_text("UTF-8")
    assert prepared(file).layer.rows[1]["名称"] == "溪湖区"


def test_a_name_of_a_field_cut_in_the_middle_of_a_character_is_understood(tmp_path: Path) -> None:
    columns = {"aaaaaaaaaa": CODES, "bbbbbbbbbb": NAMES}
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, columns)
    table = file.with_suffix(".dbf")
    cut = table.read_bytes().replace(b"a" * 10, "区划代码".encode()[:10])
    table.write_bytes(cut.replace(b"b" * 10, "行政区名称".encode()[:10]))
    found = read_layer(file)
    assert found.fields == ("区划代", "行政区")
    # The second could be the code or the name of a 行政区: a person has to say.
    assert fields_of(found, {}) == {"code": "区划代"}
    assert fields_of(found, {"name": "行政区"}) == {"code": "区划代", "name": "行政区"}


def test_the_encoding_asked_for_must_decode(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, encoding="GBK")
    with pytest.raises(EncodingWrong):
        prepared(file, Asked(encoding="UTF-8"))
    with pytest.raises(EncodingWrong):
        prepared(file, Asked(encoding="klingon"))


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, {"name": ["aaaaaaaa", "b"]})
    table = file.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"aaaaaaaa", b"\xff\xff\xfe\x80\x80a\xffa"))
    with pytest.raises(EncodingWrong):
        read_layer(file)


@pytest.mark.parametrize(
    ("said", "codec"),
    [("GBK", "gb18030"), ("936", "gb18030"), ("CP936", "gb18030"), ("65001", "utf-8"), ("?", None)]
    # What Python knows besides, and no program writes texts in.
    + [(said, None) for said in ("hex", "base64", "rot13", "undefined", "utf-7", "utf-8\0")],
)
def test_spellings_of_encodings(said: str, codec: str | None) -> None:
    assert codec_of(said) == codec


@given(st.lists(st.text(st.characters(codec="gbk"), max_size=12), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_gbk_texts_survive_the_table(texts: list[str]) -> None:
    """Whatever GBK can write decodes the same, unless its bytes are UTF-8 as well."""
    from geo.interchange.dbf import _encoding

    raw = [text.encode("gbk") for text in texts]
    try:
        both = b"".join(raw).decode("utf-8") is not None
    except UnicodeDecodeError:
        both = False
    found = _encoding(raw, [], "x.dbf", declared="GBK", asked=None)
    assert [one.decode(found) for one in raw] == texts
    if not both:
        assert _encoding(raw, [], "x.dbf", declared=None, asked=None) in ("gb18030", "utf-8")


def test_the_zone_in_the_easting_is_seen_without_a_prj(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, srid=4529, prj=False)
    assert prepared(file).layer.srid == 4529


def test_degrees_are_seen_without_a_prj(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, prj=False)
    assert prepared(file).layer.srid == 4326


def test_a_projected_file_without_zone_is_asked_about(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, srid=4550, prj=False)
    with pytest.raises(CrsUnknown) as refused:
        prepared(file)
    assert "EPSG:4549" in refused.value.fields["options"]
    assert "EPSG:4550 (123.7" in refused.value.fields["options"]
    assert apart_at_most_m(prepared(file, Asked(crs="EPSG:4550")), SHAPES) < 0.05


@pytest.mark.parametrize("srid", [2380, 4610, 2432, 4214, 4555])
def test_old_datums_are_refused_with_the_reason(tmp_path: Path, srid: int) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    file.with_suffix(".prj").write_text(CRS.from_epsg(srid).to_wkt("WKT1_ESRI"))
    with pytest.raises(CrsNoDatumShift):
        prepared(file)


def test_a_foreign_datum_and_nonsense_are_refused(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    for said in (CRS.from_epsg(4267).to_wkt("WKT1_ESRI"), "PROJCS[nonsense"):
        file.with_suffix(".prj").write_text(said)
        with pytest.raises(CrsUnsupported):
            prepared(file)


@pytest.mark.parametrize(
    ("written", "claimed", "better"),
    [(4529, 4550, "EPSG:4529"), (4550, 4529, "EPSG:4550"), (4550, 4490, "EPSG:4549 / EPSG:4550")],
)
def test_numbers_that_contradict_the_prj(
    tmp_path: Path, written: int, claimed: int, better: str
) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, srid=written)
    file.with_suffix(".prj").write_text(CRS.from_epsg(claimed).to_wkt("WKT1_ESRI"))
    with pytest.raises(CrsContradicted) as refused:
        prepared(file)
    assert refused.value.fields["better"] == better


def test_swapped_axes_are_named(tmp_path: Path) -> None:
    swapped = [shapely.transform(one, lambda xy: xy[:, ::-1]) for one in SHAPES]
    file = write_shapefile(tmp_path / "qu.shp", swapped, COLUMNS)
    with pytest.raises(PlaceImplausible) as refused:
        prepared(file)
    assert refused.value.fields["reason"] == "swapped"
    east, north = metres(123.7, 41.3, 4550)
    northing_first = [shapely.box(north, east, north + 100, east + 100)]
    told = json.loads(shapely.to_geojson(northing_first[0]))
    path = tmp_path / "a.geojson"
    path.write_text(geojson([told], crs="EPSG:4550"))
    with pytest.raises(PlaceImplausible) as refused:
        prepare(path)
    assert refused.value.fields["reason"] == "swapped"


def geojson(geometries: list[object], crs: str | None = None, **properties: object) -> str:
    told: dict[str, object] = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": CODES[place % 2], "name": NAMES[place % 2], **properties},
                "geometry": geometry,
            }
            for place, geometry in enumerate(geometries)
        ],
    }
    if crs:
        told["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
    return json.dumps(told)


def test_geojson_and_geopackage_give_the_same_polygons(tmp_path: Path) -> None:
    path = tmp_path / "qu.geojson"
    path.write_text(geojson([json.loads(shapely.to_geojson(one)) for one in SHAPES]))
    assert apart_at_most_m(prepared(path), SHAPES) < 0.001
    frame = geopandas.GeoDataFrame(COLUMNS, geometry=SHAPES, crs="EPSG:4490").to_crs(4550)
    package = tmp_path / "qu.gpkg"
    pyogrio.write_dataframe(frame, package, layer="district")
    found = prepared(package)
    assert apart_at_most_m(found, SHAPES) < 0.05
    assert [row["名称"] for row in found.layer.rows] == NAMES


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", FileNotReadable),
        ("{", FileNotReadable),
        ("[]", FileNotReadable),
        ('{"type": "FeatureCollection"}', FileNotReadable),
        ('{"type": "FeatureCollection", "features": []}', LayerEmpty),
        (geojson([None]), GeometryWrong),
        (geojson([{"type": "Point", "coordinates": [123.7, 41.3]}]), GeometryWrong),
        (geojson([{"type": "Polygon", "coordinates": "x"}]), ValueBad),
        (geojson([{"type": "Nothing", "coordinates": []}]), ValueBad),
        ("[" * 100_000, FileNotReadable),
        ('{"type":"OGRVRTDataSource"}', FileNotReadable),
        ("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>", FileNotReadable),
        (geojson([{"type": "Polygon", "coordinates": [[[2, 48], [2, 49], [3, 49], [2, 48]]]}]),
         PlaceImplausible),
    ],
)  # fmt: skip
def test_geojson_that_is_none(tmp_path: Path, text: str, refusal: type[Exception]) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(refusal):
        prepare(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "-1e400"])
def test_numbers_that_are_none_are_refused_before_any_sql(tmp_path: Path, number: str) -> None:
    shape = '{"type":"Polygon","coordinates":[[[123.7,41.3],[123.8,41.3],[123.8,%s],[123.7,41.3]]]}'
    path = tmp_path / "x.geojson"
    path.write_text(
        '{"type":"Feature","properties":{"code":"210503","name":"x"},"geometry":%s}'
        % (shape % number)
    )
    with pytest.raises((FileNotReadable, PlaceImplausible)):
        prepare(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_shapefile_with_such_numbers_is_refused_with_the_feature(
    tmp_path: Path, value: float
) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    data = bytearray(file.read_bytes())
    # The second vertex of the first record: header, record header, type, box, counts, part, vertex.
    struct.pack_into("<d", data, 100 + 8 + 4 + 32 + 8 + 4 + 16, value)
    file.write_bytes(data)
    with pytest.raises(PlaceImplausible) as refused:
        prepared(file)
    assert refused.value.fields["feature"] == 1
    assert refused.value.fields["reason"] == "not_finite"


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("kept", [0, 20, 110, -10])
def test_a_file_cut_short_is_refused(tmp_path: Path, suffix: str, kept: int) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    cut = file.with_suffix(suffix)
    cut.write_bytes(cut.read_bytes()[:kept])
    with pytest.raises((FileTruncated, FileNotReadable)):
        prepared(file)


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_missing_part_is_named(tmp_path: Path, suffix: str) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    file.with_suffix(suffix).unlink()
    with pytest.raises(PartMissing) as refused:
        prepared(file)
    assert refused.value.fields["part"] == f"qu{suffix}"


def test_another_file_under_a_known_name_is_refused(tmp_path: Path) -> None:
    for name in ("x.gpkg", "x.shp", "x.zip"):
        path = tmp_path / name
        path.write_bytes(b"<OGRVRTDataSource/>" * 20)
        with pytest.raises((FileNotReadable, PartMissing)):
            prepare(path)
    (tmp_path / "x.doc").write_bytes(b"x")
    with pytest.raises(FormatUnknown):
        prepare(tmp_path / "x.doc")
    with pytest.raises(FileNotReadable):
        prepare(tmp_path / "nothing.shp")


def test_lines_are_no_areas(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "l.shp", [SHAPES[0].boundary], {"code": ["210503"]})
    with pytest.raises(GeometryWrong) as refused:
        prepared(file)
    assert refused.value.fields["found"] == "LineString"


def test_a_polygon_of_a_million_points_is_refused(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 1_000_001)
    round_one = shapely.Polygon(np.column_stack([123.7 + np.cos(turn), 41.3 + np.sin(turn)]))
    file = write_shapefile(tmp_path / "qu.shp", [round_one], {"code": ["210503"], "name": ["x"]})
    with pytest.raises(FileTooLarge) as refused:
        prepared(file)
    assert refused.value.fields["size"] > 1_000_000


def test_deleted_rows_stay_out(tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS)
    table = bytearray(file.with_suffix(".dbf").read_bytes())
    header, width = struct.unpack_from("<HH", table, 8)
    table[header : header + 1] = b"*"
    file.with_suffix(".dbf").write_bytes(table)
    found = prepared(file)
    assert [row["名称"] for row in found.layer.rows] == ["溪湖区"]
    assert apart_at_most_m(found, SHAPES[1:]) < 0.001
    assert width > 1
