# SPDX-License-Identifier: Apache-2.0
"""Past check-ins of the cells that a draft changes, read in columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.accuracy import MEANINGS
from geo.bulk import fixed_rows
from geo.columns import Origin
from geo.ids import DistrictCode
from geo.impact.cases import Casebook
from geo.impact.verdicts import Facts
from geo.patrol.appeals import AppealState

AT_ONCE = 100_000
_SLICE = timedelta(days=7)
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
where check_in.district = %(district)s
  and check_in.observed_at >= %(since)s and check_in.observed_at < %(until)s
  and (
    check_in.cell = any(%(cells)s)
    or check_in.checkpoint is null and check_in.worker = any(%(several)s::uuid[])
  )
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


def how_many(session: Session, district: DistrictCode, *, since: datetime, until: datetime) -> int:
    """How many check-ins were observed in a half-open time."""
    values = {"district": district, "since": since, "until": until}
    return int(session.scalar(_COUNT, values) or 0)


def concerned(
    session: Session,
    district: DistrictCode,
    book: Casebook,
    *,
    since: datetime,
    until: datetime,
    at_once: int = AT_ONCE,
) -> Iterator[Past]:
    """The check-ins of a half-open time that are of cells which the draft does not just keep.

    In pieces of at most `at_once`, a week after the other. Where one was is NaN once that has
    expired.
    """
    doors = book.checkpoints
    values = {
        "district": district,
        "sure": _SURE,
        "sure_sources": [name for name, said in MEANINGS.items() if said.level >= _SURE],
        "harmless": [*_OF_THE_CELL, *_NO_REFUSALS],
        "origins": [origin.value for origin in ORIGINS],
        "upheld": AppealState.UPHELD.value,
        "cells": book.concerned_cells(),
        "several": book.concerned_workers(),
        "workers": list(book.workers),
        "doors": [door.id for door in doors],
        "door_lons": [door.lon for door in doors],
        "door_lats": [door.lat for door in doors],
    }
    if not values["cells"]:
        return
    while since < until:
        # A statement of bounded length, however many there are.
        ends = min(since + _SLICE, until)
        for some in fixed_rows(
            session, _STATEMENT, _ROW, at_once=at_once, since=since, until=ends, **values
        ):
            if len(some):
                yield _past(some, book)
        since = ends


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
