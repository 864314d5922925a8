# SPDX-License-Identifier: Apache-2.0
"""A file of streets, house numbers, estates or landmarks -> places; every bad row named.

What is bad in a row does not stop the reading: whoever mends the file wants all of it at once.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.ops
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from geo.crs import System, geometry_to_degrees, on_grid, wgs84_arrays
from geo.gazetteer.address import STREET_ENDINGS, canonical, plate_number, read_address
from geo.gazetteer.entries import LONGEST_NAME, Entry, Names, distinct, names_of
from geo.gazetteer.rules import PlaceKind
from geo.interchange.archive import opened
from geo.interchange.bring import fields_of, text_of
from geo.interchange.read import Asked, layer_names, read_layer
from geo.interchange.rules import FieldMissing, Layer, LayerAmbiguous, Repair
from geo.interchange.sheet import SHEET_SUFFIXES, read_sheet
from geo.interchange.systems import GEOGRAPHIC, outside_china, srid_of_numbers, srid_said

# How the files that districts have name what we need; compared without case.
PLACE_FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "编号", "标识", "标识码"),
    "kind": ("kind", "type", "类型", "类别", "种类"),
    "name": ("name", "名称", "地名", "标准名称", "地名名称", "小区名称", "单位名称"),
    "street": ("street", "road", "街路", "道路", "路名", "街路巷", "街路巷名称", "道路名称"),
    "number": ("number", "houseno", "门牌", "门牌号", "门牌号码", "楼号", "楼牌号", "楼栋号"),
    "estate": ("estate", "小区", "住宅区", "院落", "所属小区"),
    "aliases": ("aliases", "alias", "别名", "俗称", "曾用名"),
    "misspellings": ("misspellings", "误写", "常见误写", "错别字"),
    "class": ("class", "等级", "道路等级"),
    "lon": ("lon", "lng", "longitude", "x", "经度", "东坐标"),
    "lat": ("lat", "latitude", "y", "纬度", "北坐标"),
    "wkt": ("wkt", "geometry", "图形"),
}
_KINDS: dict[PlaceKind, tuple[str, ...]] = {
    PlaceKind.BUILDING: ("building", "house", "楼栋", "楼", "建筑", "建筑物", "门牌", "房屋"),
    PlaceKind.STREET: ("street", "road", "道路", "街路", "街", "路", "巷", "街路巷"),
    PlaceKind.ESTATE: ("estate", "小区", "住宅区", "院落", "村", "自然村"),
    PlaceKind.LANDMARK: ("landmark", "poi", "地标", "单位", "兴趣点"),
    PlaceKind.AREA: ("area", "片区", "区域", "地片"),
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
_LAYER_KINDS = {
    "buildings": PlaceKind.BUILDING,
    "streets": PlaceKind.STREET,
    "estates": PlaceKind.ESTATE,
    "landmarks": PlaceKind.LANDMARK,
}
_BETWEEN_NAMES = re.compile(r"[;；|、]")
_TALL = re.compile(r"(?:号楼|栋|幢|座|楼)$")
_LINES = ("LineString", "MultiLineString")
_SPOTS = ("Point", "MultiPoint", "Polygon", "MultiPolygon")
_DATUMS = {"gcj02": System.GCJ02, "gcj-02": System.GCJ02, "bd09": System.BD09, "bd-09": System.BD09}
# Of every so many rows the progress is told once.
_EVERY = 2000
DEFAULT_CLASS = "secondary"


@dataclass(frozen=True)
class BadRow:
    """A row that cannot come in: `code` is one of the `row.*` codes, `fields` explain it."""

    line: int
    code: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Brought:
    """A place as a row of a file tells it. `id` is the file's own; `lines` are a street's,
    each with its class.
    """

    line: int
    entry: Entry
    id: str = ""
    lines: tuple[tuple[str, BaseGeometry], ...] = ()


@dataclass(frozen=True)
class PlacesFile:
    """What a file says: its good rows and its bad ones. Rows of a table are counted by lines."""

    name: str
    rows: int
    brought: list[Brought]
    bad: list[BadRow]
    repairs: list[Repair]
    said: tuple[str, ...]
    by_line: bool


@dataclass(frozen=True)
class _Rows:
    """The rows of a table or a layer, alike: geometry in WGS-84 degrees, None where it is bad."""

    layer: Layer
    shapes: list[BaseGeometry | None]
    fields: dict[str, str]
    bad: list[BadRow]
    repairs: list[Repair]
    by_line: bool


class _RowRefused(Exception):
    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.code, self.fields = code, fields


def prepare_places(
    path: Path,
    *,
    asked: Asked = Asked(),
    names: Mapping[str, str] | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> PlacesFile:
    """Read a file of places; no database. `told` hears how many rows of how many are read.

    Raises: every refusal of `geo.interchange.rules` that is about the whole file.
    """
    datum = _DATUMS.get((asked.crs or "").lower())
    if datum is not None:
        asked = replace(asked, crs="EPSG:4326")
    if path.suffix.lower() in SHEET_SUFFIXES and path.is_file():
        found = _table(path, asked, names or {})
    else:
        found = _layer(path, asked, names or {})
    if datum is not None:
        found = replace(found, shapes=[_moved(shape, datum) for shape in found.shapes])
    brought: list[Brought] = []
    bad = list(found.bad)
    read: dict[str, int] = defaultdict(int)
    total = len(found.shapes)
    for place, (row, line, shape) in enumerate(
        zip(found.layer.rows, found.layer.numbers, found.shapes, strict=True)
    ):
        if place % _EVERY == 0:
            told(place, total)
        if shape is None:
            continue
        try:
            brought.append(_place(row, line, shape, found.fields, found.layer.name, read))
        except _RowRefused as refused:
            bad.append(BadRow(line, refused.code, refused.fields))
    told(total, total)
    said = found.layer.said if datum is None else (*found.layer.said[:1], datum.value)
    repairs = [Repair(code, found.layer.name, count=count) for code, count in read.items()]
    return PlacesFile(
        name=path.name,
        # What is too wide to be read is a row all the same.
        rows=len({*found.layer.numbers, *(one.line for one in bad)}),
        brought=brought,
        bad=sorted(bad, key=lambda one: one.line),
        repairs=[*found.repairs, *repairs],
        said=said,
        by_line=found.by_line,
    )


def _layer(path: Path, asked: Asked, names: Mapping[str, str]) -> _Rows:
    with opened(path) as files:
        layers = [(file, name) for file in files for name in layer_names(file)]
        if len(layers) != 1:
            listed = ", ".join(name for _, name in layers[:20])
            raise LayerAmbiguous(file=path.name, layers=listed or "-")
        layer = read_layer(*layers[0], asked)
    return _Rows(layer, list(layer.shapes), fields_of(layer, names, PLACE_FIELDS), [], [], False)


def _table(path: Path, asked: Asked, names: Mapping[str, str]) -> _Rows:
    sheet = read_sheet(path, asked.encoding)
    bare = Layer(
        name=sheet.name,
        fields=sheet.fields,
        rows=list(sheet.rows),
        shapes=[],
        numbers=sheet.lines,
        srid=0,
        encoding=sheet.encoding,
    )
    fields = fields_of(bare, names, PLACE_FIELDS)
    bad = [BadRow(line, "row.too_wide", {"columns": len(sheet.fields)}) for line in sheet.too_wide]
    shapes, mistakes = _geometries(bare, fields)
    srid, how, placed = _in_degrees(shapes, asked, sheet.name)
    for line, shape, given in zip(sheet.lines, placed, shapes, strict=True):
        if given is None:
            bad.append(BadRow(line, "row.no_place", {"value": mistakes[line]}))
        elif shape is None:
            x, y = given.coords[0][:2] if given.geom_type == "Point" else given.bounds[:2]
            swapped = not outside_china(np.array([[y, x]], dtype=float)).any()
            code = "row.swapped" if swapped else "row.abroad"
            bad.append(BadRow(line, code, {"x": x, "y": y}))
    repairs = []
    if sheet.blank:
        repairs.append(Repair("repair.row_blank", sheet.name, count=sheet.blank))
    encoding = sheet.encoding + ("" if sheet.declared else " (by its bytes)")
    layer = replace(bare, srid=srid, said=(encoding, f"EPSG:{srid}{how}"))
    return _Rows(layer, placed, fields, bad, repairs, True)


def _geometries(
    layer: Layer, fields: Mapping[str, str]
) -> tuple[list[BaseGeometry | None], dict[int, str]]:
    """What each row of a table says of its place, in the table's own coordinates."""
    if "wkt" not in fields and not {"lon", "lat"} <= fields.keys():
        missing = "lat" if "lon" in fields else "lon"
        raise FieldMissing(layer=layer.name, field=missing, fields=", ".join(layer.fields))
    shapes: list[BaseGeometry | None] = []
    mistakes: dict[int, str] = {}
    for row, line in zip(layer.rows, layer.numbers, strict=True):
        shape = None
        if "wkt" in fields and row[fields["wkt"]]:
            try:
                shape = shapely.from_wkt(row[fields["wkt"]])
            except ShapelyError:
                shape = None
            mistakes[line] = row[fields["wkt"]][:40]
        elif "lon" in fields and "lat" in fields:
            said = row[fields["lon"]], row[fields["lat"]]
            mistakes[line] = ", ".join(said)[:40]
            try:
                x, y = (float(text) for text in said)
                shape = shapely.Point(x, y) if np.isfinite([x, y]).all() else None
            except ValueError:
                shape = None
        mistakes.setdefault(line, "")
        shapes.append(None if shape is None or shape.is_empty else shape)
    return shapes, mistakes


def _in_degrees(
    shapes: Sequence[BaseGeometry | None], asked: Asked, layer: str
) -> tuple[int, str, list[BaseGeometry | None]]:
    """The system of a table, how it was found, and the places in degrees; None for those abroad.

    The system is told by the middle half of the rows: a few mistyped ones change nothing.
    """
    given = [shape for shape in shapes if shape is not None]
    if not given:
        return GEOGRAPHIC[0], "", list(shapes)
    corners = np.array([shape.bounds for shape in given])
    west, south = np.percentile(corners[:, :2], 25, axis=0).tolist()
    east, north = np.percentile(corners[:, 2:], 75, axis=0).tolist()
    if asked.crs is not None:
        srid, how = srid_said(asked.crs, layer), " (--crs)"
    else:
        srid = srid_of_numbers((west, south, east, north), layer)
        how = " (by its numbers, datum taken as CGCS2000)"
    placed: list[BaseGeometry | None] = []
    for shape in shapes:
        moved = shape
        if shape is not None and srid not in GEOGRAPHIC:
            moved = geometry_to_degrees(shape, srid)
        if moved is not None and outside_china(shapely.get_coordinates(moved)).any():
            moved = None
        placed.append(moved)
    return srid, how, placed


def _moved(shape: BaseGeometry | None, datum: System) -> BaseGeometry | None:
    if shape is None:
        return None

    def move(xy: Any) -> Any:
        return np.column_stack(wgs84_arrays(xy[:, 0], xy[:, 1], datum))

    moved: BaseGeometry = shapely.transform(shape, move)
    return moved


def _place(
    row: Mapping[str, Any],
    line: int,
    shape: BaseGeometry,
    fields: Mapping[str, str],
    layer: str,
    read: dict[str, int],
) -> Brought:
    """One row as a place; `read` counts what had to be made out. Raises: _RowRefused."""
    said = {ours: text_of(row, theirs) for ours, theirs in fields.items()}
    name, street, estate = (
        " ".join(said.get(key, "").split()) for key in ("name", "street", "estate")
    )
    for text in (name, street, estate):
        if len(text) > LONGEST_NAME or any(ord(letter) < 32 for letter in text):
            raise _RowRefused("row.name_unusable", name=text[:40], longest=LONGEST_NAME)
    kind = _kind(said, shape, name, layer, read)
    is_line = shape.geom_type in _LINES
    if shape.geom_type not in _SPOTS and not (is_line and kind is PlaceKind.STREET):
        raise _RowRefused("row.geometry_wrong", found=shape.geom_type, kind=kind.value)
    shape = on_grid(shape)
    if is_line and not shapely.length(shapely.get_parts(shape)).all():
        raise _RowRefused("row.line_without_length")
    if kind is PlaceKind.BUILDING:
        entry = _house(name, street, estate, said.get("number", ""), read)
    else:
        own = name or {PlaceKind.STREET: street, PlaceKind.ESTATE: estate}.get(kind, "")
        if not canonical(own):
            raise _RowRefused("row.nameless")
        entry = Entry(
            kind,
            own,
            0.0,
            0.0,
            street=canonical(own) if kind is PlaceKind.STREET else None,
            estate=canonical(own) if kind is PlaceKind.ESTATE else None,
            names=names_of(own),
        )
    lon, lat = on_grid(shape.representative_point()).coords[0]
    names = distinct([*entry.names, *_further(said)])
    entry = replace(entry, lon=lon, lat=lat, names=names)
    lines = ((said.get("class") or DEFAULT_CLASS, shape),)
    return Brought(line, entry, said.get("id", ""), lines if is_line else ())


def _further(said: Mapping[str, str]) -> Names:
    """The aliases and misspellings of a row."""
    listed = {
        key: [part.strip() for part in _BETWEEN_NAMES.split(said.get(key, "")) if part.strip()]
        for key in ("aliases", "misspellings")
    }
    for name in [*listed["aliases"], *listed["misspellings"]]:
        if len(name) > LONGEST_NAME or not canonical(name):
            raise _RowRefused("row.name_unusable", name=name[:40], longest=LONGEST_NAME)
    return names_of("", **listed)


def _kind(
    said: Mapping[str, str], shape: BaseGeometry, name: str, layer: str, read: dict[str, int]
) -> PlaceKind:
    word = said.get("kind", "").lower()
    if word in _KIND_OF:
        return _KIND_OF[word]
    if layer.lower() in _LAYER_KINDS:
        return _LAYER_KINDS[layer.lower()]
    if word:
        read["repair.kind_made_out"] += 1
    if shape.geom_type in _LINES:
        return PlaceKind.STREET
    if said.get("number") or read_address(name).number is not None:
        return PlaceKind.BUILDING
    if not name and (said.get("street") or said.get("estate")):
        return PlaceKind.STREET if said.get("street") else PlaceKind.ESTATE
    return PlaceKind.LANDMARK


def _house(name: str, street: str, estate: str, number: str, read: dict[str, int]) -> Entry:
    """A building: by the number of its street or estate, else by its name."""
    if not number and not street and not estate:
        # The whole address stands in one field.
        address = read_address(read_address(name).bare)
        if address.number is not None:
            read["repair.number_made_out"] += 1
            home = address.head
            if home.endswith(STREET_ENDINGS):
                street = home
            else:
                estate = home
            number, name = _behind(canonical(name), home), ""
    plain = name if not number and plate_number(name) is not None else number
    digits = plate_number(plain)
    if plain and digits is None:
        raise _RowRefused("row.number_bad", number=plain[:40])
    if digits is None and not canonical(name):
        raise _RowRefused("row.nameless")
    home = street or estate
    if digits is not None and not canonical(home):
        raise _RowRefused("row.house_homeless", number=plain[:40])
    if digits is not None and plain != digits and plain == number:
        read["repair.number_made_out"] += 1
    tail = "号楼" if _TALL.search(plain) or _TALL.search(name) else "号"
    own = name if plate_number(name) is None else ""
    return Entry(
        PlaceKind.BUILDING,
        own if digits is None else f"{home}{digits}{tail}",
        0.0,
        0.0,
        street=canonical(street) or None,
        estate=canonical(estate) or None,
        number=digits,
        names=names_of(own),
    )


def _behind(text: str, home: str) -> str:
    return text.partition(home)[2]


def brought_streets(
    brought: Sequence[Brought],
) -> Iterator[tuple[Brought, list[tuple[str, BaseGeometry]]]]:
    """Streets by their names, each with all its stretches; everything else as it is."""
    together: dict[str, list[Brought]] = defaultdict(list)
    for one in brought:
        if one.lines:
            together[one.entry.street or ""].append(one)
        else:
            yield one, []
    for parts in together.values():
        lines = [line for part in parts for line in part.lines]
        whole = shapely.union_all([line for _, line in lines])
        lon, lat = on_grid(shapely.ops.nearest_points(whole, whole.centroid)[0]).coords[0]
        names = distinct([name for part in parts for name in part.entry.names])
        entry = replace(parts[0].entry, lon=lon, lat=lat, names=names)
        # Its stretches have ids of their own in the file; the street goes by its name.
        yield replace(parts[0], entry=entry, id=""), lines
