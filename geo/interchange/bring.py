# SPDX-License-Identifier: Apache-2.0
"""The features of one layer -> areas of one level: codes, names, parents."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.hierarchy.numbering import reading_order
from geo.hierarchy.rules import Area
from geo.ids import CODE_LENGTH, AreaCode, Level, area_code, parent_of
from geo.interchange.clean import difference_by_width, place_of, srid_for
from geo.interchange.rules import (
    CodeUnknown,
    FieldMissing,
    Layer,
    ParentMissing,
    Repair,
    Unrepairable,
    ValueBad,
)
from geo.units import Metres, SquareMetres

# How the files that districts have name what we need; compared without case.
KNOWN_FIELDS: dict[str, tuple[str, ...]] = {
    "code": (
        *("code", "代码", "编码", "区划代码", "行政区划代码", "行政区代码", "网格编码", "网格代码"),
        *("单元编码", "社区代码", "社区编码", "街道代码", "街道编码", "adcode", "xzqdm", "xzqhdm"),
    ),
    "name": (
        *("name", "名称", "行政区名", "行政区名称", "网格名称", "单元名称", "社区名称", "街道名称"),
        *("xzqmc", "mc"),
    ),
    "aliases": ("aliases", "别名"),
    "households": ("households", "户数", "总户数"),
}
# GB/T 2260, the six county units of Benxi.
KNOWN_DISTRICTS = {
    "平山区": "210502",
    "溪湖区": "210503",
    "明山区": "210504",
    "南芬区": "210505",
    "本溪满族自治县": "210521",
    "桓仁满族自治县": "210522",
}
_CHILD_DIGITS = 3


def fields_of(
    layer: Layer,
    said: Mapping[str, str],
    known: Mapping[str, tuple[str, ...]] = KNOWN_FIELDS,
) -> dict[str, str]:
    """Our field -> the file's, as a person said it or by a usual name. Raises: FieldMissing."""
    for ours, theirs in said.items():
        if ours not in known or theirs not in layer.fields:
            raise FieldMissing(
                layer=layer.name,
                field=ours if ours not in known else theirs,
                fields=", ".join(layer.fields),
            )
    found = dict(said)
    for field in layer.fields:
        ours_of_it = _meaning(field, known)
        if ours_of_it is not None:
            found.setdefault(ours_of_it, field)
    return found


def areas_of(
    layer: Layer,
    shapes: Sequence[BaseGeometry],
    level: Level,
    fields: Mapping[str, str],
    *,
    parents: Sequence[Area] = (),
    issued: Collection[str] = (),
) -> list[Area]:
    """The areas of `level` that a layer's features are; `parents` are those one level up.

    Where the file has no codes they are numbered inside each parent, west to east in rows from
    north to south, above the highest code ever `issued` there.

    Raises: FieldMissing, ValueBad, CodeUnknown, ParentMissing.
    """
    if "name" not in fields and level is not Level.CELL:
        raise FieldMissing(layer=layer.name, field="name", fields=", ".join(layer.fields))
    names = [text_of(row, fields.get("name")) for row in layer.rows]
    codes: list[str | None]
    if "code" in fields:
        codes = [
            _code(text_of(row, fields["code"]), level, layer, number, fields["code"])
            for row, number in zip(layer.rows, layer.numbers, strict=True)
        ]
    elif level is Level.DISTRICT:
        codes = [KNOWN_DISTRICTS.get(name) for name in names]
        for name, code in zip(names, codes, strict=True):
            if code is None:
                raise CodeUnknown(layer=layer.name, name=name, fields=", ".join(layer.fields))
    else:
        codes = [None] * len(shapes)
    if level is not Level.DISTRICT:
        homes = _homes(layer, shapes, names, parents)
        codes = _placed(layer, shapes, names, codes, homes, parents, issued)
    by_code = {parent.code: parent for parent in parents}
    made = []
    for place, (code, name, shape) in enumerate(zip(codes, names, shapes, strict=True)):
        assert code is not None
        row, number = layer.rows[place], layer.numbers[place]
        parent = parent_of(AreaCode(code))
        if not name and level is Level.CELL and parent is not None:
            name = f"{by_code[parent].name}第{int(code[-_CHILD_DIGITS:])}网格"
        if not name or len(name) > 100 or any(ord(letter) < 32 for letter in name):
            raise ValueBad(
                layer=layer.name, feature=number, field=fields.get("name", "name"), value=name[:40]
            )
        made.append(
            Area(
                code=AreaCode(code),
                name=name,
                level=level,
                parent=parent,
                households=_count(row, fields.get("households"), layer, number),
                aliases=aliases_of(text_of(row, fields.get("aliases"))),
                boundary=shape,
            )
        )
    return sorted(made, key=lambda area: area.code)


def fitted(
    areas: Sequence[Area], level: Level, layer: str, tolerance: Metres
) -> tuple[list[Area], list[Repair]]:
    """All areas with those above `level` made the unions of their children.

    Only where the two differ by no more than `tolerance` in width.

    Raises: Unrepairable, with the place and size of what is wider.
    """
    by_code = {area.code: area for area in areas}
    repairs: list[Repair] = []
    levels = list(Level)
    for upper in reversed(levels[: levels.index(level)]):
        children: dict[str, list[BaseGeometry]] = defaultdict(list)
        for area in by_code.values():
            if area.parent is not None and by_code[area.parent].level is upper:
                assert area.boundary is not None
                children[area.parent].append(area.boundary)
        for code in sorted(area.code for area in by_code.values() if area.level is upper):
            area = by_code[code]
            assert area.boundary is not None
            union = shapely.union_all(children[code])
            if union.equals(area.boundary):
                continue
            repairs += _edge_repairs(area, union, layer, tolerance)
            by_code[code] = replace(area, boundary=union)
    return [by_code[area.code] for area in areas], repairs


def _edge_repairs(area: Area, union: BaseGeometry, layer: str, tolerance: Metres) -> list[Repair]:
    assert area.boundary is not None
    srid = srid_for([area.boundary])
    size, widest = 0.0, None
    for kind, one, other in (("gap", area.boundary, union), ("spill", union, area.boundary)):
        for piece, width in difference_by_width(one, other, srid):
            if width > tolerance:
                raise Unrepairable(
                    layer=layer,
                    kind=kind,
                    label=f"{area.name} {area.code}",
                    size_m2=round(piece.area, 1),
                    **place_of(piece, srid),
                )
            size += piece.area
            widest = piece if widest is None or piece.area > widest.area else widest
    if widest is None:
        return []
    place = place_of(widest, srid)
    return [
        Repair(
            "repair.edge",
            layer,
            label=f"{area.name} {area.code}",
            size_m2=SquareMetres(round(size, 3)),
            lon=place["lon"],
            lat=place["lat"],
        )
    ]


def _meaning(field: str, known: Mapping[str, tuple[str, ...]]) -> str | None:
    """Which of our fields a file's field is, by its name; None where that is open."""
    plain = field.strip().lower()
    for ours, usual in known.items():
        if plain in usual:
            return ours
    # A shapefile cuts names at ten bytes: five characters of GBK, three of UTF-8.
    if plain.isascii() or len(plain) not in (3, 5):
        return None
    meant = {ours for ours, usual in known.items() if any(name.startswith(plain) for name in usual)}
    return meant.pop() if len(meant) == 1 else None


def text_of(row: Mapping[str, Any], field: str | None) -> str:
    """A value as the text that it is in a file: without what surrounds it, 10.0 as 10."""
    value = row.get(field) if field else None
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def aliases_of(text: str) -> tuple[str, ...]:
    """The names that a text lists, separated by semicolons."""
    return tuple(alias.strip()[:100] for alias in text.split(";") if alias.strip())


def _count(row: Mapping[str, Any], field: str | None, layer: Layer, number: int) -> int:
    text = text_of(row, field) or "0"
    if not (text.isascii() and text.isdigit() and int(text[:12]) < 2**31 and len(text) < 12):
        raise ValueBad(layer=layer.name, feature=number, field=field, value=text[:40])
    return int(text)


def _code(text: str, level: Level, layer: Layer, number: int, field: str) -> str:
    length = CODE_LENGTH[level]
    # Statistics write 12 digits at every level, with zeros below the one that is meant.
    if len(text) == 12 > length and text[length:].strip("0") == "":
        text = text[:length]
    if len(text) != length or not (text.isascii() and text.isdigit()):
        raise ValueBad(
            layer=layer.name, feature=number, field=field, value=f"{text[:40]} ≠ {length} × 0-9"
        )
    return area_code(text)


def _homes(
    layer: Layer, shapes: Sequence[BaseGeometry], names: Sequence[str], parents: Sequence[Area]
) -> list[int]:
    """The parent that each shape lies in: the one that holds most of it."""
    outlines = np.array([parent.boundary for parent in parents], dtype=object)
    tree = shapely.STRtree(outlines)
    homes = []
    for name, number, shape in zip(names, layer.numbers, shapes, strict=True):
        met = tree.query(shape, predicate="intersects")
        shares = shapely.area(shapely.intersection(outlines[met], shape)) / shape.area
        if not len(met) or shares.max() < 0.5:
            point = shape.representative_point()
            raise ParentMissing(
                layer=layer.name,
                feature=number,
                label=name,
                lon=round(point.x, 6),
                lat=round(point.y, 6),
            )
        homes.append(int(met[int(shares.argmax())]))
    return homes


def _placed(
    layer: Layer,
    shapes: Sequence[BaseGeometry],
    names: Sequence[str],
    codes: Sequence[str | None],
    homes: Sequence[int],
    parents: Sequence[Area],
    issued: Collection[str],
) -> list[str | None]:
    """Codes checked against the place, or given by it."""
    out = list(codes)
    inside: dict[int, list[int]] = defaultdict(list)
    for place, home in enumerate(homes):
        inside[home].append(place)
        code = out[place]
        if code is not None and not code.startswith(parents[home].code):
            point = shapes[place].representative_point()
            raise ParentMissing(
                layer=layer.name,
                feature=layer.numbers[place],
                label=f"{names[place]} {code} ≠ {parents[home].code}",
                lon=round(point.x, 6),
                lat=round(point.y, 6),
            )
    for home, places in inside.items():
        if all(out[place] is not None for place in places):
            continue
        prefix = parents[home].code
        length = len(prefix) + _CHILD_DIGITS
        used = [int(code[-_CHILD_DIGITS:]) for code in issued if _child(code, prefix, length)]
        first = max(used, default=0) + 1
        if first + len(places) > 1000:
            raise ValueBad(layer=layer.name, feature=1, field="code", value=f"{prefix} > 999")
        order = reading_order([shapes[place] for place in places])
        for offset, position in enumerate(order):
            out[places[position]] = f"{prefix}{first + offset:03d}"
    return out


def _child(code: str, prefix: str, length: int) -> bool:
    return len(code) == length and code.startswith(prefix)
