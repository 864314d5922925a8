# SPDX-License-Identifier: Apache-2.0
"""From a file to a district or one more level of it: first read and mended, then stored at once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.clock import civil_day
from geo.gazetteer.actions import install_area_names, install_places
from geo.hierarchy.actions import add_level, install_district
from geo.hierarchy.queries import areas as areas_of_plan
from geo.hierarchy.queries import districts, issued_codes, plan_in_force
from geo.hierarchy.rules import Area, LevelPresent
from geo.ids import CODE_LENGTH, DistrictCode, Level, district_of
from geo.interchange.archive import opened
from geo.interchange.bring import areas_of, fields_of, fitted
from geo.interchange.clean import edge_matched, label_of, sound
from geo.interchange.folder import DistrictFolder, is_whole_district, read_district
from geo.interchange.read import Asked, one_layer, read_layer
from geo.interchange.rules import (
    AREA_LAYERS,
    TOLERANCE,
    DistrictUnnamed,
    Layer,
    LayerAmbiguous,
    ParentLevelMissing,
    Repair,
)
from geo.patrol.actions import install_checkpoints, install_policy
from geo.units import Metres

_LEVELS = list(Level)
TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class OneLevel:
    """A layer of areas, read and mended, not yet given its place in a district."""

    level: Level
    layer: Layer
    shapes: list[BaseGeometry]
    fields: dict[str, str]
    repairs: list[Repair]


@dataclass(frozen=True)
class Stored:
    """What came in: areas of which districts, and every repair."""

    districts: tuple[DistrictCode, ...]
    areas: list[Area]
    repairs: list[Repair]

    @property
    def counts(self) -> dict[Level, int]:
        """How many areas of each level; levels without any are left out."""
        return dict(Counter(area.level for area in self.areas))


def prepare(
    path: Path,
    *,
    level: Level | None = None,
    asked: Asked = Asked(),
    names: Mapping[str, str] | None = None,
    tolerance: Metres = TOLERANCE,
    told: Callable[[str], None] = lambda layer: None,
) -> DistrictFolder | OneLevel:
    """Read and mend a file; no database. `names`: our field -> the file's; `told` hears each layer.

    Raises: every refusal of `geo.interchange.rules`.
    """
    with opened(path) as files:
        if level is None and is_whole_district(files):
            return read_district(
                files,
                path.name,
                asked=asked,
                names=names,
                tolerance=tolerance,
                told=told,
            )
        file, name = one_layer(files, level, path.name)
        told(name)
        layer = read_layer(file, name, asked)
    fields = fields_of(layer, names or {})
    found = level or _level_of(layer, fields, path.name)
    told(found.value)
    shapes, repairs = sound(layer)
    if found is not Level.BUILDING_GROUP:
        labels = [label_of(layer, place) for place in range(len(shapes))]
        shapes, mended = edge_matched(shapes, labels, layer.name, tolerance)
        repairs += mended
    return OneLevel(found, layer, shapes, fields, repairs)


def store(
    session: Session,
    prepared: DistrictFolder | OneLevel,
    *,
    at: datetime,
    in_force_from: date,
    by: str,
    district: DistrictCode | None = None,
    tolerance: Metres = TOLERANCE,
    plan_name: str,
) -> Stored:
    """Bring in what was prepared, in the session's transaction.

    A whole district, or districts by their outlines alone, come with a first plan. A lower level
    makes the next plan of a district whose plan in force has the level above and not this one.

    Raises: DistrictExists, LevelPresent, PlanUnsound, DistrictUnnamed, ParentMissing,
    ParentLevelMissing, CodeUnknown, FieldMissing, ValueBad, Unrepairable.
    Records: PlanPublished, PolicyChanged.
    """
    if isinstance(prepared, DistrictFolder):
        return _store_folder(session, prepared, at, in_force_from, by, plan_name)
    if prepared.level is Level.DISTRICT:
        made = areas_of(prepared.layer, prepared.shapes, Level.DISTRICT, prepared.fields)
        for area in made:
            install_district(
                session,
                areas=[area],
                buildings=[],
                in_force_from=in_force_from,
                at=at,
                plan_name=plan_name,
                by=by,
            )
            install_area_names(
                session, district=DistrictCode(area.code), areas=[area], at=at, by=by
            )
            _install_policy(session, DistrictCode(area.code), in_force_from, by)
        return Stored(
            tuple(DistrictCode(area.code) for area in made),
            made,
            prepared.repairs,
        )
    return _store_level(session, prepared, at, in_force_from, by, plan_name, district, tolerance)


def _store_folder(
    session: Session,
    folder: DistrictFolder,
    at: datetime,
    in_force_from: date,
    by: str,
    plan_name: str,
) -> Stored:
    code = DistrictCode(next(a.code for a in folder.areas if a.level is Level.DISTRICT))
    install_district(
        session,
        areas=folder.areas,
        buildings=folder.buildings,
        in_force_from=in_force_from,
        at=at,
        plan_name=plan_name,
        by=by,
    )
    install_places(
        session,
        district=code,
        at=at,
        by=by,
        areas=folder.areas,
        buildings=folder.buildings,
        streets=folder.streets,
        landmarks=folder.landmarks,
        terrain=folder.terrain,
    )
    _install_policy(session, code, in_force_from, by)
    install_checkpoints(session, district=code, checkpoints=folder.checkpoints, at=at)
    return Stored((code,), folder.areas, folder.repairs)


def _install_policy(session: Session, district: DistrictCode, in_force_from: date, by: str) -> None:
    since, _ = civil_day(in_force_from, TIME_ZONE)
    install_policy(session, district=district, since=since, by=by)


def _store_level(
    session: Session,
    prepared: OneLevel,
    at: datetime,
    in_force_from: date,
    by: str,
    plan_name: str,
    said: DistrictCode | None,
    tolerance: Metres,
) -> Stored:
    level = prepared.level
    district = _district(session, prepared, said)
    plan = plan_in_force(session, district, in_force_from)
    there = areas_of_plan(session, district, plan.id)
    if any(area.level is level for area in there):
        raise LevelPresent(district=district, level=level.value, plan=plan.name)
    above = _LEVELS[_LEVELS.index(level) - 1]
    parents = [area for area in there if area.level is above]
    if not parents:
        raise ParentLevelMissing(district=district, level=level.value, wanted=above.value)
    made = areas_of(
        prepared.layer,
        prepared.shapes,
        level,
        prepared.fields,
        parents=parents,
        issued=issued_codes(session, district, level),
    )
    everything, repairs = [*there, *made], list(prepared.repairs)
    if level is not Level.BUILDING_GROUP:
        everything, mended = fitted(everything, level, prepared.layer.name, tolerance)
        repairs += mended
        everything = _households_summed(everything, level)
    add_level(
        session,
        district=district,
        level=level,
        areas=everything,
        in_force_from=in_force_from,
        at=at,
        plan_name=plan_name,
        by=by,
    )
    install_area_names(session, district=district, areas=everything, at=at, by=by)
    return Stored((district,), made, repairs)


def _level_of(layer: Layer, fields: Mapping[str, str], file: str) -> Level:
    """The level by the layer's name, else by the length of its codes."""
    if layer.name in AREA_LAYERS:
        return AREA_LAYERS[layer.name]
    if "code" in fields:
        lengths = {len(str(row.get(fields["code"]) or "")) for row in layer.rows}
        for level, length in CODE_LENGTH.items():
            if lengths == {length}:
                return level
    raise LayerAmbiguous(file=file, layers=layer.name)


def _district(session: Session, prepared: OneLevel, said: DistrictCode | None) -> DistrictCode:
    known = {found.code for found in districts(session)}
    meant: set[str] = set() if said is None else {said}
    if not meant and "code" in prepared.fields:
        column = prepared.fields["code"]
        meant = {str(district_of(str(row.get(column) or ""))) for row in prepared.layer.rows}
    if not meant:
        meant = {str(code) for code in known}
    if len(meant) != 1 or not meant <= known:
        raise DistrictUnnamed(
            meant=", ".join(sorted(meant)[:10]) or "-", known=", ".join(sorted(known)) or "-"
        )
    return DistrictCode(meant.pop())


def _households_summed(areas: Sequence[Area], level: Level) -> list[Area]:
    """Areas above `level` have the households of what they hold, where the file counts any."""
    length = CODE_LENGTH[level]
    leaves = [area for area in areas if area.level is level]
    if not any(area.households for area in leaves):
        return list(areas)
    return [
        replace(
            area,
            households=sum(leaf.households for leaf in leaves if leaf.code.startswith(area.code)),
        )
        if len(area.code) < length
        else area
        for area in areas
    ]
