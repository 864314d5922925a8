# SPDX-License-Identifier: Apache-2.0
"""Taking check-ins in: judged by the plan, policy, duty and assignment of their moment, and kept.

One check-in is a batch of one; a batch is a few statements, whatever its size and whoever sent its
items.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo import prepared
from geo.accounts.rules import Actor, Role, may
from geo.bulk import copy_columns, open_ahead
from geo.clock import civil_date
from geo.crs import Fix, PointOutOfRange, as_meant, to_wgs84_many
from geo.digests import digest
from geo.errors import GeoError, IdReused
from geo.ids import DistrictCode, WorkerId
from geo.moments import observed_moment
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.circumstances import Asked, Circumstances, circumstances
from geo.patrol.findings import worth_a_look
from geo.patrol.judging import COLUMNS, Case, case_of, columns_of, judge
from geo.patrol.proof_codes import ShownProof, proof_states
from geo.patrol.records import (
    CheckIn,
    CheckInJudged,
    Claim,
    LateCheckInJudged,
)
from geo.patrol.suspecting import look_at_devices, note_slips
from geo.patrol.tables import CheckInRow
from geo.patrol.verdict_queries import first_answers
from geo.standing import Standing, standing
from geo.unsettled import WorkerDay, note_days
from geo.values import value
from geo.workforce import queries as workforce
from geo.workforce.rules import WorkerNotFound

Said = tuple[Actor, Claim]

# What has been done before a try to keep them stays when it fails.
_BEFORE = ("savepoint check_ins",)


@value
class Taken:
    """A check-in that is kept, and whether this call took it in (else it was there already)."""

    check_in: CheckIn
    fresh: bool


def take_check_in(session: Session, *, actor: Actor, claim: Claim, at: datetime) -> Taken:
    """Take a check-in in and judge it by the plan and policy in force when it was observed.

    The same id with the same content by the same actor answers what was found first.

    Raises: NotAllowed, NotFound, IdReused, CheckInTooLate, ClockAhead, PointOutOfRange.
    Records: CheckInJudged, or LateCheckInJudged for an earlier day.
    """
    (taken,) = take_check_ins(session, [(actor, claim)], at=at)
    if isinstance(taken, GeoError):
        raise taken
    return taken


def ready(session: Session) -> Standing:
    """What check-ins of this transaction go by; the way for those to keep is opened in one turn."""
    open_ahead(session, CheckInRow, COLUMNS, after=_BEFORE)
    return standing(session)


def take_check_ins(
    session: Session, said: Sequence[Said], *, at: datetime, known: Standing | None = None
) -> list[Taken | GeoError]:
    """Take many check-ins of many people in, item by item: a bad one spoils no other.

    `known` is what `ready` said, where the transaction has asked already.

    Records: CheckInJudged, or LateCheckInJudged for an earlier day, for each new one.
    """
    if not said:
        return []
    digests = [digest(claim=claim, actor=identity(actor)) for actor, claim in said]
    answers: dict[int, Taken | GeoError] = {}
    cases: dict[int, Case] = {}
    first: dict[tuple[DistrictCode, int], int] = {}
    moments = [_moment(claim, at) for _, claim in said]
    lon, lat = to_wgs84_many([as_meant(claim.fix) for _, claim in said])
    known = known or ready(session)
    asked = [_asked(*one, at) for one in zip(said, moments, strict=True)]
    met = circumstances(session, asked, known)
    proofs = proof_states(
        session,
        [
            ShownProof(actor.district, one.checkpoint, claim.proof, moment or at)
            for (actor, claim), one, moment in zip(said, met, moments, strict=True)
        ],
    )
    refused = _Refusals(session, at)
    grids = cache(partial(queries.grid_of, session))
    spots = list(zip(lon.tolist(), lat.tolist(), strict=True))
    for place, (actor, claim) in enumerate(said):
        key = (actor.district, claim.id.int)
        if key in first:
            continue
        try:
            refused.check(actor, claim.worker, met[place])
            cases[place] = case_of(
                grids,
                actor,
                claim,
                digests[place],
                moments[place],
                met[place],
                proofs[place],
                at,
                spots[place],
            )
        except GeoError as error:
            answers[place] = error
        else:
            # What is refused leaves its id to whoever says it better, as it would one by one.
            first[key] = place
    judged = judge(cases, at)
    news: dict[int, CheckInJudged | LateCheckInJudged] = {}
    days: dict[int, WorkerDay] = {}

    def prepare_news() -> None:
        received_on = cache(partial(civil_date, at))
        for place, check_in in judged.items():
            case = cases[place]
            observed_on = civil_date(check_in.observed_at, case.time_zone)
            late = observed_on != received_on(case.time_zone)
            days[place] = WorkerDay(case.actor.district, check_in.worker, observed_on)
            news[place] = _news(case, check_in, met[place], late=late)

    there = _store(session, cases, judged, meanwhile=prepare_news)
    for place, check_in in judged.items():
        if place not in there:
            answers[place] = Taken(check_in, True)
            record(session, news[place])
    note_days(session, {days[place] for place in judged if place not in there}, at=at)
    _look_at_devices(session, said, cases, answers, at)
    unsettled = [place for place in range(len(said)) if not isinstance(answers.get(place), Taken)]
    answers.update(_repeated(session, said, digests, unsettled, first, answers))
    return [answers[place] for place in range(len(said))]


def identity(actor: Actor) -> str:
    """By what a repeated request is known to come from the same person."""
    # A worker is the same by whichever of his phones and accounts: an offline queue may be sent
    # again after he has signed in anew.
    return f"worker:{actor.worker}" if actor.worker else actor.signature


def _moment(claim: Claim, at: datetime) -> datetime | None:
    return observed_moment(claim.fix.observed_at, sent_at=claim.sent_at, received_at=at)


def _asked(said: Said, moment: datetime | None, at: datetime) -> Asked:
    actor, claim = said
    return Asked(actor.district, claim.worker, moment or at, claim.checkpoint)


class _Refusals:
    """Whether an actor may check a worker in, found once for each two of them."""

    def __init__(self, session: Session, at: datetime) -> None:
        self._session = session
        self._at = at
        self._allowed: set[tuple[UUID, WorkerId]] = set()

    def check(self, actor: Actor, worker: WorkerId, met: Circumstances) -> None:
        """Raises: NotAllowed, NotFound."""
        if actor.role is Role.WORKER:
            may(actor, "checkins.write", worker=worker)
        if met.origin is None:
            raise WorkerNotFound(worker=str(worker))
        if actor.role is Role.WORKER or (actor.id, worker) in self._allowed:
            return
        area, _ = workforce.area_of_worker(self._session, actor.district, worker, at=self._at)
        may(actor, "checkins.write", area=area, worker=worker)
        self._allowed.add((actor.id, worker))


def _store(
    session: Session,
    cases: Mapping[int, Case],
    judged: Mapping[int, CheckIn],
    *,
    meanwhile: Callable[[], None],
) -> set[int]:
    """Keep what was judged; the places of those that were there already.

    `meanwhile` is done once, while the database takes them.
    """
    # In one order for everybody: two batches never wait for each other's ids crosswise.
    left = sorted(judged, key=lambda place: (cases[place].actor.district, judged[place].id.int))
    # Each turn leaves out at least one that another has won, so it ends; and nothing may be
    # answered as kept before it is.
    while left:
        try:
            columns = columns_of([(cases[place], judged[place]) for place in left])
            copy_columns(
                session,
                CheckInRow,
                columns,
                after=_BEFORE,
                meanwhile=meanwhile if len(left) == len(judged) else None,
            )
        except IntegrityError:
            # Somebody else's transaction has won an id; it has committed, and is seen now.
            prepared.run(session, "rollback to savepoint check_ins")
            there = queries.check_in_ids(session, [judged[place].id for place in left])
            remaining = [
                place
                for place in left
                if (cases[place].actor.district, judged[place].id) not in there
            ]
            if len(remaining) == len(left):
                raise
            left = remaining
        else:
            # The savepoint ends with the transaction: to release it would cost one more turn.
            break
    return set() if len(left) == len(judged) else judged.keys() - left


def _news(
    case: Case, check_in: CheckIn, met: Circumstances, *, late: bool
) -> CheckInJudged | LateCheckInJudged:
    # Whether it is news of where he is now, the latest position decides: it never goes back. A
    # delivery that was held up must end in the same state as one that was not.
    seen = case.evidence.on_duty and not case.claim.fix.mock
    return (LateCheckInJudged if late else CheckInJudged)(
        id=check_in.id,
        district=case.actor.district,
        at=check_in.received_at,
        actor=case.actor.signature,
        origin=check_in.origin,
        area=check_in.cell or case.actor.district,
        workers=(check_in.worker,),
        body=check_in.live_body,
        place=check_in.place,
        worker=check_in.worker,
        accuracy_m=check_in.accuracy_m,
        seen_at=check_in.observed_at if seen else None,
        cells=met.assigned if met.hold_at(check_in.received_at) else None,
    )


def _look_at_devices(
    session: Session,
    said: Sequence[Said],
    cases: dict[int, Case],
    answers: dict[int, Taken | GeoError],
    at: datetime,
) -> None:
    """Whether a phone that was heard seems to speak otherwise than it is understood."""
    heard: dict[DistrictCode, set[UUID]] = {}
    slipped: dict[DistrictCode, list[tuple[UUID, Fix]]] = {}
    for place, (actor, claim) in enumerate(said):
        if actor.device is None:
            continue
        answer = answers.get(place)
        if place in cases:
            if isinstance(answer, Taken) and worth_a_look(answer.check_in, claim.fix.read_as):
                heard.setdefault(actor.district, set()).add(actor.device)
        elif isinstance(answer, PointOutOfRange):
            slipped.setdefault(actor.district, []).append((actor.device, claim.fix))
    for district, devices in heard.items():
        look_at_devices(session, district=district, devices=devices, at=at)
    for district, some in slipped.items():
        note_slips(session, district=district, slipped=some, at=at)


def _repeated(
    session: Session,
    said: Sequence[Said],
    digests: Sequence[bytes],
    places: Sequence[int],
    first: dict[tuple[DistrictCode, int], int],
    answers: dict[int, Taken | GeoError],
) -> dict[int, Taken | GeoError]:
    """Answers of those who were there before, whatever speaks against them by now, and of twins.

    What was refused before its id was taken in stays refused.
    """
    found: dict[int, Taken | GeoError] = {}
    by_district: dict[DistrictCode, list[int]] = {}
    for place in places:
        by_district.setdefault(said[place][0].district, []).append(place)
    for district, some in by_district.items():
        known = queries.check_ins_by_id(session, district, {said[place][1].id for place in some})
        first_judged = first_answers(session, district, known)
        for place in some:
            id = said[place][1].id
            winner = first.get((district, id.int), place)
            if id not in known or (place < winner and _is_fresh(answers.get(winner))):
                found[place] = answers[place]
                continue
            answered, before = known[id]
            if id in first_judged:
                answered = replace(first_judged[id], doubts=answered.doubts)
            same = before == digests[place]
            found[place] = Taken(answered, False) if same else IdReused(id=id)
    return found


def _is_fresh(answer: Taken | GeoError | None) -> bool:
    return isinstance(answer, Taken) and answer.fresh
