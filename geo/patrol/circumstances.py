# SPDX-License-Identifier: Apache-2.0
"""What a check-in is judged beside: everything as it was when it was observed, in one statement.

One statement sees one state of the database, so plan and policy, duty and assignment of one verdict
never come from before and after a change. What it said is remembered for the moments for which it
would say the same, until something of it changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson
from sqlalchemy.orm import Session

from geo import prepared
from geo.columns import Origin
from geo.ids import CellCode, CheckpointId, DistrictCode, PlanId, WorkerId
from geo.patrol.records import Checkpoint
from geo.patrol.rules import Policy
from geo.standing import Standing, standing
from geo.units import Metres
from geo.values import value

# Of one worker at one checkpoint: the last that were asked for.
_MOST_STRETCHES = 7

_STATEMENT = """
select
  worker.origin,
  district.time_zone,
  -- "is true" keeps the district out of the range indexes: they compare it with every entry of a
  -- page, at several times the cost of all the rest, and a worker has one district alone.
  exists (
    select from duty
    where (duty.district = asked.district) is true and duty.worker = asked.worker
      and duty.during @> asked.moment
  ) as on_duty,
  array(
    select assignment.cell from assignment
    where (assignment.district = asked.district) is true and assignment.worker = asked.worker
      and assignment.during @> asked.moment
    order by assignment.cell
  ) as assigned,
  plan.id as plan,
  policy.version as policy,
  -- Their text, once for all of them.
  case when asked.place = 1 then (
    select jsonb_object_agg(district || ' ' || version, body)::text from check_in_policy
    where district = any(%(district)s::text[])
      and during && tstzrange(%(first)s::timestamptz, %(last)s::timestamptz, '[]')
  ) end as policies,
  checkpoint.id as checkpoint,
  coalesce(was.cell, checkpoint.cell) as cell,
  checkpoint.code,
  coalesce(was.name, checkpoint.name) as name,
  ST_X(coalesce(was.point, checkpoint.point)) as lon,
  ST_Y(coalesce(was.point, checkpoint.point)) as lat,
  coalesce(was.radius_m, checkpoint.radius_m) as radius_m,
  coalesce(was.asks_proof, checkpoint.asks_proof) as asks_proof,
  checkpoint.created_at,
  checkpoint.retired_at,
  checkpoint.origin as checkpoint_origin,
  bounds.since,
  bounds.until
from unnest(
  %(district)s::text[], %(worker)s::uuid[], %(moment)s::timestamptz[], %(checkpoint)s::uuid[]
) with ordinality as asked (district, worker, moment, checkpoint, place)
join district on district.code = asked.district
-- Each by its index, whatever the planner thinks of the length of the arrays: a limit keeps it from
-- reading a whole table into a hash.
left join lateral (
  select worker.origin from worker
  where worker.district = asked.district and worker.id = asked.worker
  limit 1
) as worker on true
left join lateral (
  select plan.id from plan
  where plan.district = asked.district and plan.status = 'published'
    and plan.in_force_during @> (asked.moment at time zone district.time_zone)::date
  limit 1
) as plan on true
left join lateral (
  select version from check_in_policy
  where check_in_policy.district = asked.district and check_in_policy.during @> asked.moment
  limit 1
) as policy on true
left join lateral (
  select * from checkpoint
  where checkpoint.district = asked.district and checkpoint.id = asked.checkpoint
  limit 1
) as checkpoint on true
left join lateral (
  select * from checkpoint_was
  where checkpoint_was.district = asked.district and checkpoint_was.checkpoint = checkpoint.id
    and checkpoint_was.until > asked.moment
  order by checkpoint_was.until
  limit 1
) as was on true
-- From when until when all of it is so, within a day of the moment.
cross join lateral (
  select max(bound) filter (where bound <= asked.moment) as since,
    min(bound) filter (where bound > asked.moment) as until
  from (
    select unnest(array[asked.moment - interval '1 day', asked.moment + interval '1 day'])
    union all
    select unnest(array[lower(during), upper(during)]) from (
      select during from duty
      where (duty.district = asked.district) is true and duty.worker = asked.worker
        and during && tstzrange(asked.moment - interval '1 day', asked.moment + interval '1 day')
      union all
      select during from assignment
      where (assignment.district = asked.district) is true and assignment.worker = asked.worker
        and during && tstzrange(asked.moment - interval '1 day', asked.moment + interval '1 day')
      union all
      select during from check_in_policy where check_in_policy.district = asked.district
      union all
      select tstzrange(
        lower(in_force_during)::timestamp at time zone district.time_zone,
        upper(in_force_during)::timestamp at time zone district.time_zone
      ) from plan where plan.district = asked.district and plan.status = 'published'
    ) as stretch
    union all
    select checkpoint_was.until from checkpoint_was
    where checkpoint_was.district = asked.district and checkpoint_was.checkpoint = checkpoint.id
  ) as found (bound)
) as bounds
order by asked.place
"""


@value
class Asked:
    """Whose check-in, of which moment by our clock."""

    district: DistrictCode
    worker: WorkerId
    moment: datetime
    checkpoint: CheckpointId | None


@dataclass(frozen=True)
class Circumstances:
    """What holds at the moment asked for, and from `since` until before `until`.

    `origin` is the worker's, None when there is no
    such worker; `plan` and `policy` are None when none was in force; `checkpoint` when there is
    none of that id.
    """

    origin: Origin | None
    time_zone: str
    on_duty: bool
    assigned: tuple[CellCode, ...]
    plan: PlanId | None
    policy: Policy | None
    checkpoint: Checkpoint | None
    since: datetime
    until: datetime

    def hold_at(self, moment: datetime) -> bool:
        """Whether the same holds at another moment."""
        return self.since <= moment < self.until


_Name = tuple[DistrictCode, WorkerId, CheckpointId | None]


def circumstances(
    session: Session, asked: Sequence[Asked], known: Standing | None = None
) -> list[Circumstances]:
    """What holds for each, in the order asked.

    `known` is what the transaction goes by, where it has asked for it already.
    """
    known = known or standing(session)
    names: list[_Name] = [(one.district, one.worker, one.checkpoint) for one in asked]
    found: list[Circumstances | None] = [
        _holding(known.recall(name) or (), one.moment)
        for name, one in zip(names, asked, strict=True)
    ]
    left = [place for place, met in enumerate(found) if met is None]
    stretches: dict[_Name, list[Circumstances]] = {
        names[place]: known.recall(names[place]) or [] for place in left
    }
    # Who sends a day at once asks many times for a few stretches: so first for one of each.
    for some in ([*{names[place]: place for place in left}.values()], left):
        missing = [place for place in some if found[place] is None]
        if not missing:
            break
        for place, stretch in zip(
            missing, _found(session, [asked[place] for place in missing]), strict=True
        ):
            found[place] = stretch
            name = names[place]
            stretches[name] = [*stretches[name][-_MOST_STRETCHES:], stretch]
            known.remember(name[:2], name, stretches[name])
        for place in left:
            found[place] = found[place] or _holding(stretches[names[place]], asked[place].moment)
    return [met for met in found if met is not None]


def _holding(stretches: Iterable[Circumstances], moment: datetime) -> Circumstances | None:
    return next((one for one in stretches if one.hold_at(moment)), None)


def _found(session: Session, asked: Sequence[Asked]) -> Iterator[Circumstances]:
    moments = [one.moment for one in asked]
    found = prepared.rows(
        session,
        _STATEMENT,
        district=[one.district for one in asked],
        worker=[one.worker for one in asked],
        moment=moments,
        checkpoint=[one.checkpoint for one in asked],
        first=min(moments),
        last=max(moments),
    )
    policies = _policies(found[0].policies)
    for one, row in zip(asked, found, strict=True):
        yield Circumstances(
            origin=None if row.origin is None else Origin(row.origin),
            time_zone=row.time_zone,
            on_duty=row.on_duty,
            assigned=_cells(row.assigned),
            plan=row.plan,
            policy=None if row.policy is None else policies[f"{one.district} {row.policy}"],
            checkpoint=None
            if row.checkpoint is None
            else Checkpoint(
                id=CheckpointId(row.checkpoint),
                cell=CellCode(row.cell),
                code=row.code,
                name=row.name,
                lon=row.lon,
                lat=row.lat,
                radius_m=Metres(row.radius_m),
                asks_proof=row.asks_proof,
                created_at=row.created_at,
                retired_at=row.retired_at,
                origin=Origin(row.checkpoint_origin),
            ),
            since=row.since,
            until=row.until,
        )


def _cells(codes: Iterable[str]) -> tuple[CellCode, ...]:
    return tuple(map(CellCode, codes))


@lru_cache(maxsize=64)
def _policies(bodies: str | None) -> Mapping[str, Policy]:
    # By their text, so that what was read once need not be read again for every group.
    return {name: Policy.from_fields(body) for name, body in orjson.loads(bodies or "{}").items()}
