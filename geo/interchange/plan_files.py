# SPDX-License-Identifier: Apache-2.0
"""Cells drawn in another editor -> a division based on a plan, nothing mended, all assumed noted.

Whatever is wrong with the land (gaps, overlaps, parts) stays for `geo.plans.problems` to find; here
it is only decided which cell each feature is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.ids import CODE_LENGTH, Level
from geo.interchange.archive import opened
from geo.interchange.bring import KNOWN_FIELDS, aliases_of, fields_of, text_of
from geo.interchange.clean import POLYGONS, label_of
from geo.interchange.read import Asked, layer_names, one_layer, read_layer
from geo.interchange.rules import (
    AREA_LAYERS,
    CellsPiled,
    CodesRepeated,
    FileTooLarge,
    GeometryWrong,
    Layer,
    ParentMissing,
    Repair,
    Unrepairable,
    ValueBad,
)
from geo.interchange.tangles import piled, shredded, tangled
from geo.plans.faults import sound
from geo.plans.lattice import area_m2, to_degrees, to_units
from geo.plans.recoding import without_empty
from geo.plans.repairs import rehoused
from geo.plans.rules import Cell, Division, Ground, Upper, place_of
from geo.units import SquareMetres

PLAN_FIELDS: dict[str, tuple[str, ...]] = {
    "code": (
        *("code", "代码", "编码", "网格编码", "网格代码", "单元编码", "wgbm", "wgdm"),
        *("区划代码", "行政区划代码"),
    ),
    "name": KNOWN_FIELDS["name"],
    "aliases": KNOWN_FIELDS["aliases"],
    "parent": ("parent", "上级编码", "上级代码", "社区编码", "社区代码", "所属社区编码", "sqbm"),
    "came_from": ("came_from", "原编码"),
}
_COMMUNITY = CODE_LENGTH[Level.COMMUNITY]
# Two features of one code of which each is so much of the other are the same cell, told twice.
_SAME = 0.9
# Neighbours in a file overlap by a little; parts of one cell do not by more.
_APART = 0.01
# A cell that is not in the file is gone when so much of its land is other cells' there.
_COVERED = 0.5
# It has come from those of which it has so much, or which are so much of it.
_INHERITED = 0.2
# More than a cell has that anybody could walk.
_MOST_POINTS, _MOST_RINGS = 50_000, 200
# The provisional codes that a community has room for.
_MOST_NEW = 2000
# So few cells may well be parts of one.
_FEW = 10


@dataclass(frozen=True)
class PlanFile:
    """What a file makes of a plan.

    `notes` say what was assumed. `issued` has the code that each code of the file became, where it
    is another one; `kept` are cells of the plan that the file says nothing of, `retired` those that
    gave their land to others. `said` tells how encoding and CRS were found.
    """

    division: Division
    notes: list[Repair]
    issued: dict[str, str]
    read: int
    kept: tuple[str, ...]
    retired: tuple[str, ...]
    said: tuple[str, ...]

    def as_fields(self) -> dict[str, Any]:
        """JSON values that say what became of the file."""
        return {
            "read": self.read,
            "kept": len(self.kept),
            "retired": list(self.retired),
            "issued": self.issued,
            "said": list(self.said),
            "notes": [asdict(note) for note in self.notes],
        }


@dataclass
class _Told:
    """A feature as its file tells it; `shape` in grid units."""

    number: int
    label: str
    code: str
    parent: str
    name: str
    aliases: tuple[str, ...] | None
    came_from: tuple[str, ...]
    shape: BaseGeometry


@dataclass
class _Reading:
    """A file while it is fitted to a plan."""

    base: Division
    ground: Ground
    layer: Layer
    division: Division
    notes: list[Repair] = field(default_factory=list)
    fresh: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Areas above the cells that the plan lacks, by their code in the file: name, parent."""
    placed: dict[str, str] = field(default_factory=dict)
    """The code that each of those got."""

    def note(self, code: str, told: "_Told | None" = None, label: str = "", count: int = 1) -> None:
        """Say what was assumed of a feature, or of the whole file."""
        if told is None:
            self.notes.append(Repair(code, self.layer.name, label=label, count=count))
            return
        at = place_of(sound(told.shape))
        size = SquareMetres(round(area_m2(sound(told.shape), self.ground.srid), 1))
        self.notes.append(
            Repair(
                code,
                self.layer.name,
                told.number,
                label or told.label,
                size,
                at["lon"],
                at["lat"],
            )
        )


def read_plan(
    path: Path,
    base: Division,
    ground: Ground,
    *,
    asked: Asked = Asked(),
    names: Mapping[str, str] | None = None,
    told: Callable[[str], None] = lambda layer: None,
) -> PlanFile:
    """Read the cells of a plan, or of part of one, and fit them to the plan they are based on.

    Cells are known by their code; one without a code of the plan gets a provisional one. Cells that
    the file says nothing of stay as they are, or are gone where others have their land. `told`
    hears the name of each layer before it is read.

    Raises: every refusal of `archive.opened` and `read.read_layer`; FieldMissing, ValueBad,
    GeometryWrong, FileTooLarge (one cell), Unrepairable (it holds no land, or nobody can say
    which), CodesRepeated, CellsPiled, ParentMissing (no code, and off the district).
    """
    with opened(path) as files:
        file, name = one_layer(files, Level.CELL, path.name)
        told(name)
        layer = read_layer(file, name, asked)
        above = {}
        for upper in ("subdistricts", "communities"):
            for place in files:
                if upper in layer_names(place) and upper != name:
                    told(upper)
                    above[upper] = read_layer(place, upper, asked)
    reading = _Reading(base, ground, layer, base)
    for one in above.values():
        _note_uppers(reading, one)
    features = _features(layer, fields_of(layer, names or {}, PLAN_FIELDS))
    coded = [one.code for one in features if one.code]
    if len(coded) > _FEW and len(set(coded)) * 2 < len(coded):
        raise CodesRepeated(layer=layer.name, features=len(coded), codes=len(set(coded)))
    if piled([one.shape for one in features]):
        raise CellsPiled(layer=layer.name)
    features = _once(reading, features)
    cells, issued = _cells(reading, features)
    kept, retired = _rest(reading, cells)
    cells = _with_lineage(reading, cells, retired)
    moved = [code for code in issued if code in base.cells]
    division = reading.division.with_cells(
        changed=[cell for cell, _ in cells if base.cells.get(cell.code) != cell],
        removed=[*retired, *moved],
    )
    gone = [base.cells[code] for code in (*retired, *moved)]
    division = rehoused(division, ground, list(division.cells), gone)
    if shredded([sound(cell.shape) for cell in division.cells.values()], ground.outline):
        raise CellsPiled(layer=layer.name)
    if kept:
        reading.note("repair.cells_kept", count=len(kept))
    if retired:
        reading.note("repair.cells_retired", label=", ".join(retired[:5]), count=len(retired))
    return PlanFile(
        division=without_empty(division, [*retired, *moved]),
        notes=reading.notes,
        issued=issued,
        read=len(features),
        kept=tuple(kept),
        retired=tuple(retired),
        said=layer.said,
    )


def _features(layer: Layer, fields: Mapping[str, str]) -> list[_Told]:
    out = []
    for at, (row, number, shape) in enumerate(
        zip(layer.rows, layer.numbers, layer.shapes, strict=True)
    ):
        if shape.geom_type not in POLYGONS:
            raise GeometryWrong(
                layer=layer.name, feature=number, found=shape.geom_type, wanted=" / ".join(POLYGONS)
            )
        gridded = _gridded(shape)
        _refuse_bulky(gridded, layer, number)
        if not gridded.is_valid and (tangled(gridded) or sound(gridded).is_empty):
            lon, lat = shapely.get_coordinates(shape)[0].tolist()
            place = {"lon": round(lon, 6), "lat": round(lat, 6)}
            raise Unrepairable(
                layer=layer.name, kind="invalid", label=f"#{number}", size_m2=0, **place
            )
        name = text_of(row, fields.get("name"))
        if len(name) > 100 or any(ord(letter) < 32 for letter in name):
            raise ValueBad(layer=layer.name, feature=number, field=fields["name"], value=name[:40])
        out.append(
            _Told(
                number=number,
                label=label_of(layer, at),
                code=text_of(row, fields.get("code"))[:40],
                parent=text_of(row, fields.get("parent"))[:40],
                name=name,
                aliases=aliases_of(text_of(row, fields["aliases"]))
                if "aliases" in fields
                else None,
                came_from=codes_listed(text_of(row, fields.get("came_from"))),
                shape=gridded,
            )
        )
    return out


def _refuse_bulky(shape: BaseGeometry, layer: Layer, number: int) -> None:
    """Whatever is looked for in cells takes the longer, the more corners and rings they have."""
    for size, limit, unit in (
        (int(shapely.get_num_coordinates(shape)), _MOST_POINTS, "points"),
        (len(shapely.get_rings(shapely.get_parts(shape))), _MOST_RINGS, "rings"),
    ):
        if size > limit:
            raise FileTooLarge(file=f"{layer.name} #{number}", size=size, limit=limit, unit=unit)


def codes_listed(text: str) -> tuple[str, ...]:
    """The codes of a list in which later ones of the same parent are only their last three."""
    out: list[str] = []
    for said in text.split(";"):
        code = said.strip()
        if len(code) == 3 and out:
            code = out[-1][:-3] + code
        if code:
            out.append(code)
    return tuple(out)


def _gridded(shape: BaseGeometry) -> BaseGeometry:
    """On the grid, without corners that fell together; a single part as a polygon."""
    flat: BaseGeometry = shapely.remove_repeated_points(to_units(shape))
    parts = shapely.get_parts(flat)
    return parts[0] if len(parts) == 1 else flat


def _note_uppers(reading: _Reading, layer: Layer) -> None:
    """Names of communities and subdistricts as the file has them, and those the plan lacks."""
    fields = fields_of(layer, {}, {**PLAN_FIELDS, "code": KNOWN_FIELDS["code"]})
    length = CODE_LENGTH[AREA_LAYERS[layer.name]]
    for row in layer.rows:
        code = text_of(row, fields.get("code"))
        name = text_of(row, fields.get("name"))[:100]
        if len(code) != length or not name:
            continue
        known = reading.division.uppers.get(code)
        if known is None:
            reading.fresh[code] = (name, text_of(row, fields.get("parent")) or code[:-3])
        elif known.name != name:
            renamed = replace(known, name=name)
            reading.division = reading.division.with_uppers(changed=[renamed])
            reading.note("repair.area_renamed", label=f"{code} {known.name} → {name}")


def _upper(reading: _Reading, code: str) -> str | None:
    """The code in the plan of an area above the cells; one that is new is made when needed."""
    if code in reading.division.uppers:
        return code
    if code in reading.placed:
        return reading.placed[code]
    if code not in reading.fresh:
        return None
    name, parent = reading.fresh[code]
    above = _upper(reading, parent)
    if above is None or len(above) != len(code) - 3:
        return None
    given, division = reading.division.issue(above)
    reading.division = division.with_uppers(changed=[Upper(given, name)])
    reading.placed[code] = given
    reading.note("repair.area_made", label=f"{name} {given}")
    return given


def _once(reading: _Reading, features: Sequence[_Told]) -> list[_Told]:
    """One feature for each code: parts of a cell are joined, what overlaps stays apart."""
    by_code: dict[str, list[_Told]] = defaultdict(list)
    for one in features:
        by_code[one.code or f"#{one.number}"].append(one)
    out = []
    for same in by_code.values():
        first = same[0]
        for other in same[1:]:
            a, b = sound(first.shape), sound(other.shape)
            shared = float(shapely.intersection(a, b).area)
            if shared <= _APART * min(a.area, b.area):
                first.shape = _gridded(to_degrees(shapely.union(a, b)))
                reading.note("repair.parts_joined", other)
                continue
            # The doctor shows both, and proposes which to drop.
            reading.note("repair.told_twice", other)
            other.came_from = (first.code,)
            other.parent = other.parent or first.code[:_COMMUNITY]
            other.code = ""
            out.append(other)
        out.append(first)
    return sorted(out, key=lambda one: (one.code, one.number))


def _cells(
    reading: _Reading, features: Sequence[_Told]
) -> tuple[list[tuple[Cell, _Told]], dict[str, str]]:
    """The cells that the features are, and the code that each unknown one got."""
    base, out, issued = reading.base, [], {}
    for told in features:
        known = base.cells.get(told.code)
        community = _community(reading, told, known)
        if known is not None and community == known.community:
            shape = known.shape if _same(known.shape, told.shape) else told.shape
            aliases = known.aliases if told.aliases is None else told.aliases
            name = told.name or known.name
            out.append((replace(known, name=name, shape=shape, aliases=aliases), told))
            continue
        code, reading.division = reading.division.issue(community)
        if reading.division.issued[community] > _MOST_NEW:
            raise ValueBad(
                layer=reading.layer.name,
                feature=told.number,
                field="code",
                value=f"{community} > {_MOST_NEW}",
            )
        issued[told.code or f"#{told.number}"] = code
        reading.note("repair.code_issued", told, f"{told.code or told.label} → {code}")
        name = told.name or f"{reading.division.uppers[community].name}{code[-3:]}网格"
        came_from = (known.code,) if known is not None else told.came_from
        lineage = tuple(sorted(own for own in came_from if own in base.cells))
        cell = Cell(code, name, told.shape, aliases=told.aliases or (), came_from=lineage)
        out.append((cell, told))
    return out, issued


def _community(reading: _Reading, told: _Told, known: Cell | None) -> str:
    """By what the feature says of its parent, by its code, else by where most of it lies."""
    said = _upper(reading, told.parent) if len(told.parent) == _COMMUNITY else None
    if said is not None:
        return said
    if known is not None:
        return known.community
    by_code = _upper(reading, told.code[:_COMMUNITY]) if len(told.code) > _COMMUNITY else None
    if by_code is not None:
        return by_code
    shape = sound(told.shape)
    shares: dict[str, float] = defaultdict(float)
    for code in reading.base.near(told.shape):
        cell = reading.base.cells[code]
        shares[cell.community] += shapely.intersection(cell.shape, shape).area
    if not shares or max(shares.values()) == 0:
        raise ParentMissing(
            layer=reading.layer.name, feature=told.number, label=told.label, **place_of(told.shape)
        )
    best = max(sorted(shares), key=lambda code: shares[code])
    reading.note("repair.community_by_place", told, f"{told.label} → {best}")
    return best


def _rest(reading: _Reading, cells: Sequence[tuple[Cell, _Told]]) -> tuple[list[str], list[str]]:
    """Cells of the plan that the file does not name: those that stay, and those that are gone."""
    named = {told.code for _, told in cells}
    shapes = np.array([sound(told.shape) for _, told in cells], dtype=object)
    tree = shapely.STRtree(shapes)
    kept: list[str] = []
    retired: list[str] = []
    for code, cell in reading.base.cells.items():
        if code in named:
            continue
        over = shapes[tree.query(cell.shape, predicate="intersects")]
        taken = shapely.union_all(shapely.intersection(over, cell.shape))
        (retired if taken.area > _COVERED * cell.shape.area else kept).append(code)
    return kept, retired


def _with_lineage(
    reading: _Reading, cells: Sequence[tuple[Cell, _Told]], retired: Sequence[str]
) -> list[tuple[Cell, _Told]]:
    """The cells with the retired ones that their land comes from, where the file names none."""
    tree = shapely.STRtree([reading.base.cells[code].shape for code in retired])
    out = []
    for cell, told in cells:
        shape = sound(cell.shape)
        found = set()
        if not told.came_from:
            for at in tree.query(shape, predicate="intersects").tolist():
                old = reading.base.cells[retired[at]].shape
                if shapely.intersection(old, shape).area > _INHERITED * min(old.area, shape.area):
                    found.add(retired[at])
        if found:
            lineage = tuple(sorted({*cell.came_from, *found}))
            reading.note("repair.lineage_by_place", told, f"{cell.code} ← {', '.join(lineage)}")
            cell = replace(cell, came_from=lineage)
        out.append((cell, told))
    return out


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(one.equals_exact(other, 0.0, normalize=True))
