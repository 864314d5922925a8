# SPDX-License-Identifier: Apache-2.0
"""From a text to the places it may mean."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import Double, Select, Text, any_, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from geo.columns import STORAGE_SRID
from geo.gazetteer.address import Address, one_wrong, parts_of, read_address
from geo.gazetteer.numbers import between, crossing_points
from geo.gazetteer.rules import (
    CONTAINED_SCORES,
    NAME_SCORES,
    SCORES,
    SIMILAR_FACTOR,
    Candidate,
    Match,
    PlaceKind,
)
from geo.gazetteer.tables import PlaceNameRow, PlaceRow, StreetRow
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.tables import AreaRow
from geo.ids import DistrictCode, Level, PlanId
from geo.units import Metres

# What stands at the very end of what was said before the number is what the number belongs to.
_ELSEWHERE_FACTOR = 0.9
_MOST = 20
_REVERSE_REACH = Metres(100.0)


def geocode(
    session: Session, district: DistrictCode, text: str, *, limit: int, on: date
) -> list[Candidate]:
    """The places a text may mean, best first; ties keep equal scores.

    `cell` is the cell of the plan in force on that day. Searches that say less are not asked once
    a better one has answered.

    Raises: NoPlanInForce.
    """
    address = read_address(text)
    if not address.text:
        return []
    found: list[Candidate] = []
    if address.number is not None:
        found = _numbered(session, district, address)
        if not found:
            found = _area_numbered(session, district, address, on)
    else:
        found = _crossings(session, district, address.crossings)
    if not found or found[0].score < 1.0:
        found += _named(session, district, address)
    if not found:
        found = _similar(session, district, address)
    best = sorted(_distinct(found), key=lambda found: (-found.score, found.label))
    return _in_cells(session, district, best[:limit], on)


def label_at(session: Session, district: DistrictCode, lon: float, lat: float) -> str | None:
    """What people would call a WGS-84 point: the nearest address or landmark within 100 m."""
    point = _point(lon, lat)
    # The nearest by degrees are a handful; metres decide among them.
    near = (
        select(PlaceRow.label, PlaceRow.point)
        .where(
            PlaceRow.district == district,
            PlaceRow.kind.in_([PlaceKind.BUILDING.value, PlaceKind.LANDMARK.value]),
        )
        .order_by(PlaceRow.point.op("<->")(point))
        .limit(8)
        .subquery()
    )
    metres = func.ST_Distance(cast(near.c.point, Geography), cast(point, Geography))
    row = session.execute(
        select(near.c.label, metres.label("m")).order_by(metres).limit(1)
    ).one_or_none()
    return None if row is None or row.m > _REVERSE_REACH else f"{row.label}附近"


def _numbered(session: Session, district: DistrictCode, address: Address) -> list[Candidate]:
    """Houses of that number on a street or in an estate, else a place between two known numbers."""
    heads = parts_of(address.head, shortest=2)
    rows = session.execute(_BY_NUMBER, {"district": district, "heads": heads, **_said(address)})
    found: list[tuple[int, Candidate]] = []
    for row in rows:
        for name in {row.street, row.estate} & set(heads):
            exact = row.number == address.number
            match = Match.NUMBER if exact else Match.NUMBER_BASE
            at_end = address.head.endswith(name)
            score = SCORES[match] * (1.0 if at_end else _ELSEWHERE_FACTOR)
            found.append((len(name), _candidate(row, round(score, 3), match)))
    if found:
        # 东山街 also ends in 山街: the longest name is the one that was meant.
        longest = max(length for length, _ in found)
        exact_first = max(candidate.score for _, candidate in found)
        return [
            candidate
            for length, candidate in found
            if candidate.score == exact_first and (length == longest or candidate.score == 1.0)
        ]
    return _between(session, district, address, heads)


def _between(
    session: Session, district: DistrictCode, address: Address, heads: Sequence[str]
) -> list[Candidate]:
    known = session.execute(_OF_STREETS, {"district": district, "heads": heads}).all()
    if not known:
        return []
    street = max({row.street for row in known}, key=lambda name: (len(name), name))
    houses = [(row.number, row.lon, row.lat) for row in known if row.street == street]
    at = between(houses, address.number or "")
    if at is None:
        return []
    lon, lat = at
    label = f"{street}{address.number}号"
    score = SCORES[Match.INTERPOLATED]
    return [Candidate(label, PlaceKind.BUILDING, lon, lat, score, Match.INTERPOLATED)]


def _area_numbered(
    session: Session, district: DistrictCode, address: Address, on: date
) -> list[Candidate]:
    """Houses of that number in an area said before it: 彩虹社区10号楼."""
    plan = hierarchy.plan_in_force(session, district, on)
    rows = session.execute(
        select(*_COLUMNS)
        .join(
            AreaRow,
            (AreaRow.district == PlaceRow.district)
            & func.ST_Covers(AreaRow.boundary, PlaceRow.point),
        )
        .where(
            PlaceRow.district == district,
            PlaceRow.number.in_(address.numbers[:1]),
            PlaceRow.kind == PlaceKind.BUILDING.value,
            AreaRow.plan == plan.id,
            AreaRow.level.in_([Level.COMMUNITY.value, Level.CELL.value]),
            or_(AreaRow.name == address.head, AreaRow.name.in_(address.areas[-1:])),
        )
        .order_by(PlaceRow.label)
        .limit(_MOST)
    ).all()
    match = Match.AREA_NUMBER
    score = SCORES[Match.NUMBER_BASE] if len(rows) == 1 else SCORES[match]
    return [_candidate(row, score, match) for row in rows]


def _crossings(
    session: Session, district: DistrictCode, pairs: Sequence[tuple[str, str]]
) -> list[Candidate]:
    """Where two streets meet."""
    if not pairs:
        return []
    names = {name for pair in pairs for name in pair}
    lines: dict[str, list[Any]] = {}
    for name, line in session.execute(
        select(StreetRow.name, StreetRow.line).where(
            StreetRow.district == district, StreetRow.name.in_(names)
        )
    ):
        lines.setdefault(name, []).append(line)
    found = []
    for first, second in pairs:
        if first in lines and second in lines and first != second:
            label = f"{first}与{second}交叉口"
            for lon, lat in crossing_points(lines[first], lines[second]):
                score = SCORES[Match.CROSSING]
                found.append(Candidate(label, "crossing", lon, lat, score, Match.CROSSING))
    return found


def _named(session: Session, district: DistrictCode, address: Address) -> list[Candidate]:
    """Places whose name the text is, or contains."""
    text = address.bare if address.number is None else address.head
    parts = set(parts_of(text)) | {text} | set(parts_of(address.text))
    rows = session.execute(_BY_NAME, {"district": district, "names": sorted(parts)}).all()
    known = {row.name for row in rows}
    # A name inside a longer known name was not said: 彩虹街 in 彩虹街社区.
    said = {name for name in known if not any(name != other and name in other for other in known)}
    found = []
    for row in rows:
        kind = PlaceKind(row.kind)
        if address.number is None and row.name in (address.text, address.bare):
            found.append(_candidate(row, NAME_SCORES[kind], Match.NAME))
        elif row.name in said:
            least, most = CONTAINED_SCORES
            covered = len(row.name) / len(address.bare)
            score = min(NAME_SCORES[kind], least + (most - least) * min(covered, 1.0))
            if address.number is not None:
                # The house was not found; what remains is where to look for it.
                score = min(score, SCORES[Match.STREET])
            match = Match.STREET if kind is PlaceKind.STREET else Match.CONTAINED
            found.append(_candidate(row, round(score, 3), match))
    return found


def _similar(session: Session, district: DistrictCode, address: Address) -> list[Candidate]:
    """Places with a name like the text: trigrams, and names with one character wrong."""
    text = address.bare if address.number is None else _last_name(address)
    patterns = one_wrong(text)
    rows = session.execute(
        _BY_SIMILARITY, {"district": district, "text": text, "patterns": list(patterns)}
    ).all()
    found = []
    for row in rows:
        wrong = 1 - 1 / len(text) if len(row.name) == len(text) else 0.0
        likeness = max(float(row.likeness), wrong)
        score = round(min(SIMILAR_FACTOR, SIMILAR_FACTOR * likeness), 3)
        found.append(_candidate(row, score, Match.SIMILAR))
    if address.number is None or not found:
        return found
    heads = {row.name: round(SIMILAR_FACTOR * float(row.likeness), 3) for row in rows}
    scores = {candidate.label: candidate.score for candidate in found}
    houses = session.execute(
        _BY_NUMBER, {"district": district, "heads": list(heads), **_said(address)}
    ).all()
    numbered = [
        _candidate(row, max(scores.get(row.street, 0.0), scores.get(row.estate, 0.0)), match)
        for row in houses
        if (match := Match.SIMILAR) and row.number == address.number
    ]
    return numbered or found


def _last_name(address: Address) -> str:
    text = address.head
    for area in address.areas:
        _, _, behind = text.partition(area)
        text = behind or text
    return text


def _in_cells(
    session: Session, district: DistrictCode, candidates: Sequence[Candidate], on: date
) -> list[Candidate]:
    if not candidates:
        return []
    plan = hierarchy.plan_in_force(session, district, on)
    cells = cells_at(session, district, plan.id, [(found.lon, found.lat) for found in candidates])
    return [replace(found, cell=cell) for found, cell in zip(candidates, cells, strict=True)]


def cells_at(
    session: Session, district: DistrictCode, plan: PlanId, points: Sequence[tuple[float, float]]
) -> list[str | None]:
    """The cell of a plan that holds each WGS-84 point; on a border the lower code."""
    rows = session.scalars(
        _CELLS_AT,
        {
            "district": district,
            "plan": plan,
            "lons": [lon for lon, _ in points],
            "lats": [lat for _, lat in points],
        },
    )
    return list(rows)


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    best: dict[tuple[str, float, float], Candidate] = {}
    for found in candidates:
        key = (found.label, found.lon, found.lat)
        if key not in best or best[key].score < found.score:
            best[key] = found
    return list(best.values())


def _candidate(row: Any, score: float, match: Match) -> Candidate:
    return Candidate(row.label, row.kind, row.lon, row.lat, score, match)


def _said(address: Address) -> dict[str, Any]:
    return {"numbers": list(address.numbers)}


def _point(lon: float, lat: float) -> Any:
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), STORAGE_SRID)


def _texts(name: str) -> Any:
    return any_(bindparam(name, type_=ARRAY(Text)))


_COLUMNS = (
    PlaceRow.label,
    PlaceRow.kind,
    PlaceRow.street,
    PlaceRow.estate,
    PlaceRow.number,
    func.ST_X(PlaceRow.point).label("lon"),
    func.ST_Y(PlaceRow.point).label("lat"),
)
_DISTRICT = bindparam("district", type_=PlaceRow.district.type)
# Built once: making a statement costs more than PostgreSQL takes to answer it.
_BY_NUMBER = (
    select(*_COLUMNS)
    .where(
        PlaceRow.district == _DISTRICT,
        PlaceRow.number == _texts("numbers"),
        or_(PlaceRow.street == _texts("heads"), PlaceRow.estate == _texts("heads")),
    )
    .order_by(PlaceRow.label)
    .limit(200)
)
_OF_STREETS = (
    select(*_COLUMNS)
    .where(PlaceRow.district == _DISTRICT, PlaceRow.street == _texts("heads"))
    .order_by(PlaceRow.number)
)


def _named_places() -> Select[Any]:
    return select(*_COLUMNS, PlaceNameRow.name).join(
        PlaceNameRow,
        (PlaceNameRow.district == PlaceRow.district) & (PlaceNameRow.place == PlaceRow.id),
    )


_PART = (
    func.unnest(bindparam("names", type_=ARRAY(Text))).table_valued("name", name="part")
).render_derived()
# Equal, said as a range: the planner takes `=` to the trigram index, 1 ms a part of the text.
_BY_NAME = (
    _named_places()
    .join(_PART, PlaceNameRow.name.between(_PART.c.name, _PART.c.name))
    .where(PlaceNameRow.district == _DISTRICT)
    .order_by(PlaceRow.label)
    .limit(200)
)
_LIKENESS = func.similarity(PlaceNameRow.name, bindparam("text", type_=Text))
_BY_SIMILARITY = (
    _named_places()
    .add_columns(_LIKENESS.label("likeness"))
    .where(
        PlaceNameRow.district == _DISTRICT,
        or_(
            PlaceNameRow.name.op("%")(bindparam("text", type_=Text)),
            PlaceNameRow.name.op("~~")(_texts("patterns")),
        ),
    )
    .order_by(_LIKENESS.desc(), PlaceRow.label)
    .limit(_MOST)
)
_ASKED = (
    func.unnest(bindparam("lons", type_=ARRAY(Double)), bindparam("lats", type_=ARRAY(Double)))
    .table_valued("lon", "lat", with_ordinality="place", name="asked")
    .render_derived()
)
_CELLS_AT = (
    select(
        select(AreaRow.code)
        .where(
            AreaRow.district == _DISTRICT,
            AreaRow.plan == bindparam("plan", type_=AreaRow.plan.type),
            AreaRow.level == Level.CELL.value,
            func.ST_Covers(
                AreaRow.boundary,
                func.ST_SetSRID(func.ST_MakePoint(_ASKED.c.lon, _ASKED.c.lat), STORAGE_SRID),
            ),
        )
        .order_by(AreaRow.code)
        .limit(1)
        .scalar_subquery()
    )
    .select_from(_ASKED)
    .order_by(_ASKED.c.place)
)
