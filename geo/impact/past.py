# SPDX-License-Identifier: Apache-2.0
"""Past check-ins of the cells that a draft changes, read in columns."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import prepared
from geo.accuracy import MEANINGS
from geo.bulk import fixed_rows, read_ahead
from geo.columns import Origin
from geo.ids import DistrictCode
from geo.impact.cases import Casebook
from geo.impact.rules import PastCheckIns
from geo.impact.verdicts import Facts
from geo.patrol.appeals import AppealState

AT_ONCE = 100_000
# A statement reads so much of the time: none takes long, however many there are.
_SLICE = timedelta(days=1)
ORIGINS = tuple(Origin)
_SURE = 0.95
# What a verdict says that does not refuse, and what refuses because of the cell.
_OF_THE_CELL = ("cell.outside", "checkpoint.not_assigned", "assignment.none")
_NO_REFUSALS = (
    "appeal.upheld",
    "cell.inside",
    "cell.proven",
    "cell.uncertain",
    "checkpoint.proven",
    "checkpoint.reached",
    "proof.not_asked",
    "proof.valid",
    "system.suspected",
)

_ROW = np.dtype(
    [
        ("id", "V16"),
        ("worker", ">i4"),
        ("door", ">i4"),
        ("door_lon", ">f8"),
        ("door_lat", ">f8"),
        ("observed_at", ">i8"),
        ("lon", ">f8"),
        ("lat", ">f8"),
        ("accuracy_m", ">f8"),
        ("sure", "u1"),
        ("policy", ">i4"),
        ("refused", "u1"),
        ("upheld", "u1"),
        ("to_door_m", ">f8"),
        ("origin", ">i2"),
    ]
)
# The numbers are those of the arrays: what is not among them is -1.
_STATEMENT = """
select
  check_in.id,
  coalesce(who.place - 1, -1)::int4,
  coalesce(door.place - 1, -1)::int4,
  case when door.place is null then 0 else coalesce(check_in.site_lon, door.lon) end,
  case when door.place is null then 0 else coalesce(check_in.site_lat, door.lat) end,
  check_in.observed_at,
  coalesce(ST_X(check_in.point), 'nan'),
  coalesce(ST_Y(check_in.point), 'nan'),
  check_in.accuracy_m,
  coalesce(
    nullif(check_in.accuracy_level, 0) >= %(sure)s, check_in.source = any(%(sure_sources)s), false
  ),
  check_in.policy,
  case when check_in.accepted then false else exists (
    select from jsonb_array_elements(check_in.reasons) as reason
    where reason ->> 'code' <> all(%(harmless)s)
  ) end,
  upheld.check_in is not null,
  case when check_in.proof = 'valid' then coalesce(check_in.distance_to_checkpoint_m, 'inf')
    else 'inf' end,
  (array_position(%(origins)s, check_in.origin) - 1)::int2
from check_in
left join unnest(%(workers)s::uuid[]) with ordinality as who (id, place)
  on who.id = check_in.worker
left join unnest(%(doors)s::uuid[], %(door_lons)s::float8[], %(door_lats)s::float8[])
  with ordinality as door (id, lon, lat, place) on door.id = check_in.checkpoint
left join (
  select distinct check_in from appeal where district = %(district)s and state = %(upheld)s
) as upheld on upheld.check_in = check_in.id
where """
_CONCERNED = """
check_in.district = %(district)s
  and check_in.observed_at >= %(since)s and check_in.observed_at < %(until)s
  and (
    check_in.cell = any(%(cells)s::text[])
    or check_in.checkpoint is null and check_in.worker = any(%(several)s::uuid[])
  )
"""
_MORE = f"""
select count(*) > %(most)s from (
  select from check_in where {_CONCERNED} limit %(most)s + 1
) as read
"""  # noqa: S608
_PLACES = """
select id, ST_X(point) as lon, ST_Y(point) as lat from check_in
where district = %(district)s and id = any(%(ids)s::uuid[]) and point is not null
"""
_COUNT = text(
    "select count(*) from check_in where district = :district"
    " and observed_at >= :since and observed_at < :until"
)


@dataclass(frozen=True)
class Past:
    """Some past check-ins: what they are judged on, and whose they are; arrays of one length.

    `moments` as PostgreSQL counts them, `origins` numbers of `ORIGINS`.
    """

    ids: NDArray[Any]
    moments: NDArray[np.int64]
    origins: NDArray[np.int64]
    facts: Facts


def how_many(session: Session, district: DistrictCode, book: Casebook) -> int:
    """How many check-ins were observed in the time of a casebook."""
    values = {"district": district, "since": book.since, "until": book.until}
    return int(session.scalar(_COUNT, values) or 0)


def more_than(session: Session, district: DistrictCode, book: Casebook, most: int) -> bool:
    """Whether `concerned` would read more than so many."""
    during = {"since": book.since, "until": book.until}
    ((more,),) = prepared.rows(session, _MORE, most=most, **_who(district, book), **during)
    return bool(more)


def unplaced(found: PastCheckIns) -> PastCheckIns:
    """What was found as it may be kept: where somebody was expires, and is read when it is asked
    for."""
    return _with(found, {})


def placed(session: Session, district: DistrictCode, found: PastCheckIns) -> PastCheckIns:
    """What was kept, with the places that have not expired since."""
    ids = [one.id for one in found.verdicts.items]
    rows = prepared.rows(session, _PLACES, district=district, ids=ids)
    return _with(found, {row.id: (round(row.lon, 7), round(row.lat, 7)) for row in rows})


def _with(found: PastCheckIns, places: Mapping[UUID, tuple[float, float]]) -> PastCheckIns:
    verdicts = []
    for one in found.verdicts.items:
        lon, lat = places.get(one.id, (None, None))
        verdicts.append(replace(one, lon=lon, lat=lat))
    return replace(found, verdicts=replace(found.verdicts, items=tuple(verdicts)))


def concerned(
    session: Session,
    district: DistrictCode,
    book: Casebook,
    *,
    at_once: int = AT_ONCE,
    report: Callable[[float], None] | None = None,
) -> Iterator[Past]:
    """The check-ins of the time of a casebook whose cells the draft does not just keep.

    In pieces of at most `at_once`, a day after the other; `report` hears how much of the time is
    done (0 to 1). Where one was is NaN once that has expired.
    """
    doors = book.checkpoints
    values = {
        "sure": _SURE,
        "sure_sources": [name for name, said in MEANINGS.items() if said.level >= _SURE],
        "harmless": [*_OF_THE_CELL, *_NO_REFUSALS],
        "origins": [origin.value for origin in ORIGINS],
        "upheld": AppealState.UPHELD.value,
        **_who(district, book),
        # Spelled here: thousands, and the driver would spell each anew for every statement.
        "workers": _spelled(book.workers),
        "doors": _spelled(door.id for door in doors),
        "door_lons": _spelled(door.lon for door in doors),
        "door_lats": _spelled(door.lat for door in doors),
    }
    if not values["cells"]:
        return
    for some, done in read_ahead(_read(session, book, values, at_once)):
        if len(some):
            yield _past(some, book)
        if done is not None and report is not None:
            report(done)


def _read(
    session: Session, book: Casebook, values: Mapping[str, Any], at_once: int
) -> Generator[tuple[NDArray[Any], float | None]]:
    """Rows in pieces, a day after the other; with the last of each how much of the time is done."""
    since, until = book.since, book.until
    # Handing rows from process to process costs as much as reading them.
    session.execute(text("set local max_parallel_workers_per_gather = 0"))
    begins = since
    while begins < until:
        ends = min(begins + _SLICE, until)
        during = {"since": begins, "until": ends, **values}
        pieces = fixed_rows(session, _STATEMENT + _CONCERNED, _ROW, at_once=at_once, **during)
        for some in pieces:
            yield some, None
        yield some[:0], (ends - since) / (until - since)
        begins = ends


def _spelled(values: Iterable[object]) -> str:
    """Ids or numbers as an array of PostgreSQL."""
    return "{" + ",".join(map(str, values)) + "}"


def _who(district: DistrictCode, book: Casebook) -> dict[str, Any]:
    return {
        "district": district,
        "cells": book.concerned_cells(),
        "several": book.concerned_workers(),
    }


def _past(some: NDArray[Any], book: Casebook) -> Past:
    case = book.of(
        _whole(some, "worker"),
        _whole(some, "door"),
        _real(some, "door_lon"),
        _real(some, "door_lat"),
        _whole(some, "observed_at"),
    )
    facts = Facts(
        case=case,
        lon=_real(some, "lon"),
        lat=_real(some, "lat"),
        accuracy_m=_real(some, "accuracy_m"),
        sure=some["sure"] != 0,
        policy=_whole(some, "policy"),
        refused=some["refused"] != 0,
        upheld=some["upheld"] != 0,
        to_door_m=_real(some, "to_door_m"),
    )
    return Past(some["id"].copy(), _whole(some, "observed_at"), _whole(some, "origin"), facts)


def _whole(some: NDArray[Any], name: str) -> NDArray[np.int64]:
    return some[name].astype(np.int64)


def _real(some: NDArray[Any], name: str) -> NDArray[np.float64]:
    return some[name].astype(np.float64)
