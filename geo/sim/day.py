# SPDX-License-Identifier: Apache-2.0
"""A day of a district: (town, crew, seed, start) -> timed acts, the same for the same.

The stream of acts goes on as long as it is read. What depends on how the world answers (who was
asked, who came) is not in the stream: `answer` says beforehand what an asked worker will do, and
`call` and `release` move the one who goes. Nothing here knows the time or the service.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from geo.clock import civil_date
from geo.crs import Fix, degrees, metres
from geo.sim import stories
from geo.sim.acts import (
    Act,
    CheckIn,
    GoOffDuty,
    GoOnDuty,
    Position,
    ReportIncident,
    WorkerAct,
    WriteLog,
    act_id,
)
from geo.sim.chance import between, chance, happens, one_of
from geo.sim.phone import Phone, astray
from geo.sim.telephone import of_caller
from geo.sim.town import House, Mark, Town
from geo.sim.walk import Stand, Walker
from geo.units import Metres

# Shares of what goes wrong with check-ins, the field's classic failures.
ASTRAY, MOCKED, BLIND, LATE, WITHOUT_SPOT = 0.04, 0.004, 0.012, 0.03, 0.08
MOVING_EVERY_S, STILL_EVERY_S = 12.0, 27.0
BAD_HOURS = 0.12
CHECK_IN_EVERY_S = (720.0, 900.0)


@dataclass(frozen=True)
class Hand:
    """One of the crew: a worker and the cell he walks."""

    worker: UUID
    cell: str


@dataclass(frozen=True)
class Rhythm:
    """How dense the day is. Shifts are seconds since the start; none: on duty all the time."""

    incident_every_s: float | None = 52.0
    check_in_every_s: tuple[float, float] = CHECK_IN_EVERY_S
    log_every_s: float = 5400.0
    report_every_s: float = 0.0
    """Fixes wait this long to be sent together; 0: each is sent at once."""
    break_every_s: float | None = 10_800.0
    shifts: tuple[tuple[float, float], ...] = ()


BUSY = Rhythm()
# From eight in the morning: till noon, and from half past one till five.
WORKDAY = Rhythm(
    incident_every_s=300.0,
    check_in_every_s=(2400.0, 3600.0),
    report_every_s=300.0,
    break_every_s=None,
    shifts=((0.0, 4 * 3600.0), (5.5 * 3600.0, 9 * 3600.0)),
)


@dataclass(frozen=True)
class Answer:
    """What an asked worker does: after `after_s` he accepts or declines; or never answers."""

    after_s: float
    accepts: bool
    reason: str | None = None


class Day:
    """A day about to be lived. `acts` may be read once."""

    def __init__(
        self,
        town: Town,
        crew: Sequence[Hand],
        *,
        seed: int,
        start: datetime,
        time_zone: str = "Asia/Shanghai",
        rhythm: Rhythm = BUSY,
        phones_seed: int | None = None,
    ) -> None:
        """`phones_seed`: whose phones they are, when several days have the same."""
        self.town, self.seed, self.start = town, seed, start
        phones = seed if phones_seed is None else phones_seed
        self._zone, self._rhythm = time_zone, rhythm
        self._crew = sorted((hand for hand in crew if hand.cell in town.grounds), key=_by_worker)
        self._walkers: Mapping[UUID, Walker] = {
            hand.worker: Walker(
                town.network,
                town.grounds[hand.cell],
                chance(seed, hand.worker, "walk"),
                rhythm.check_in_every_s,
            )
            for hand in self._crew
        }
        self._phones = {
            hand.worker: Phone.of(phones, hand.worker, town.srid, start) for hand in self._crew
        }

    def acts(self) -> Iterator[Act]:
        """What everybody does of his own accord, in order of time, without end."""
        streams: list[Iterator[Act]] = [self._worker(hand) for hand in self._crew]
        streams.append(self.incidents())
        return heapq.merge(*streams, key=_by_time)

    def call(self, worker: UUID, at: datetime, lon: float, lat: float) -> datetime | None:
        """Send a worker to a place in WGS-84; when he will be there. None: not one of the crew."""
        walker = self._walkers.get(worker)
        if walker is None:
            return None
        x, y = metres(lon, lat, self.town.srid)
        return self._instant(walker.call(max(walker.now, self._second(at)), x, y))

    def release(self, worker: UUID, at: datetime) -> None:
        """Let a worker go back to his round."""
        if walker := self._walkers.get(worker):
            walker.release(max(walker.now, self._second(at)))

    def answer(self, incident: UUID, worker: UUID) -> Answer | None:
        """How a worker answers when he is asked to an incident. None: he never does."""
        if worker not in self._walkers:
            return None
        rng = chance(self.seed, "answer", incident, worker)
        # At a bad hour everybody around is busy: the search has to go further.
        silent, unwilling = (0.08, 0.12)
        if happens(chance(self.seed, "bad hour", incident), BAD_HOURS):
            silent, unwilling = (0.4, 0.4)
        luck = float(rng.random())
        if luck < silent:
            return None
        after = min(15.0, 3.0 + float(rng.exponential(4.0)))
        if luck < silent + unwilling:
            return Answer(after, accepts=False, reason=one_of(rng, stories.DECLINES))
        return Answer(after, accepts=True)

    def linkup_id(self, incident: UUID, attempt: int) -> UUID:
        """The id of the linkup that the duty officer begins for an incident."""
        return act_id(self.seed, self.start, "linkup", incident, attempt)

    def patience(self, incident: UUID, what: str, low: float, high: float) -> timedelta:
        """How long something takes with an incident; the same each time it is asked."""
        rng = chance(self.seed, what, incident)
        return timedelta(milliseconds=round(1000 * between(rng, low, high)))

    def _worker(self, hand: Hand) -> Iterator[WorkerAct]:
        """One worker's day: duty, positions, check-ins and logs."""
        rng = chance(self.seed, hand.worker, "day")
        walker, phone = self._walkers[hand.worker], self._phones[hand.worker]
        # Made without network; they wait in the phone, over a break too.
        late: list[CheckIn] = []
        for begins, ends in self._stretches(hand):
            yield GoOnDuty(at=self._instant(begins), worker=hand.worker)
            now = begins + between(rng, 0.2, MOVING_EVERY_S)
            next_log = now + between(rng, 0.1, 1.5) * self._rhythm.log_every_s
            waiting: list[Fix] = []
            sent = now
            while now < ends:
                # What `call` moved on meanwhile must not be asked about again.
                now = max(now, walker.now)
                stand = walker.stand(now)
                waiting.append(phone.fix(now, stand))
                if now - sent >= self._rhythm.report_every_s:
                    yield Position(at=self._instant(now), worker=hand.worker, fixes=tuple(waiting))
                    waiting, sent = [], now
                while walker.visits and walker.visits[0].at <= now:
                    walker.visits.popleft()
                    made = self.check_in(hand, now, stand)
                    late.append(made)
                ready = [made for made in late if made.at <= self._instant(now)]
                late = [made for made in late if made.at > self._instant(now)]
                for made in ready:
                    yield replace(made, at=self._instant(now))
                if now >= next_log:
                    next_log = now + between(rng, 0.7, 1.5) * self._rhythm.log_every_s
                    yield self.log(hand, now)
                still = stand.speed_mps < 0.1
                now += (STILL_EVERY_S if still else MOVING_EVERY_S) * between(rng, 0.85, 1.15)
            yield GoOffDuty(at=self._instant(ends), worker=hand.worker)

    def _stretches(self, hand: Hand) -> Iterator[tuple[float, float]]:
        """When he is on duty: by shifts, or all the time with a break now and then."""
        luck = chance(self.seed, hand.worker, "stretches")
        if self._rhythm.shifts:
            for begins, ends in self._rhythm.shifts:
                early = between(luck, 0, 900)
                yield begins + early, ends + between(luck, 0, 600)
            return
        # Most are there at once; a few come later.
        begins = between(luck, 0, 12) if happens(luck, 0.95) else between(luck, 60, 900)
        while True:
            pause = self._rhythm.break_every_s
            lasts = 86_400.0 if pause is None else between(luck, 0.15, 1.6) * pause
            ends = begins + lasts
            yield begins, ends
            begins = ends + between(luck, 300, 720)

    def check_in(self, hand: Hand, now: float, stand: Stand) -> CheckIn:
        """A check-in where he stands; a few are made elsewhere, faked, blind or late.

        To be asked in order of time, as his phone is.
        """
        # Named by its moment: one that a call has moved is another act, not the same changed.
        millisecond = round(now * 1000)
        rng = chance(self.seed, hand.worker, "check-in", millisecond)
        ground, phone = self.town.grounds[hand.cell], self._phones[hand.worker]
        spot = min(ground.spots, key=lambda s: (s.x - stand.x) ** 2 + (s.y - stand.y) ** 2)
        luck = float(rng.random())
        if luck < ASTRAY:
            fix = phone.fix(now, astray(rng, ground, spot))
        elif luck < ASTRAY + MOCKED:
            fix = phone.fix(now, Stand(spot.x, spot.y, 0, 0), mock=True)
        else:
            fix = phone.fix(now, stand)
            if luck > 1 - BLIND:
                # Indoors: the phone knows only roughly where it is.
                fix = replace(fix, accuracy_m=Metres(round(between(rng, 150, 900), 1)))
        sent = now + between(rng, 60, 300) if happens(rng, LATE) else now
        return CheckIn(
            at=self._instant(sent),
            id=act_id(self.seed, self.start, hand.worker, "check-in", millisecond),
            worker=hand.worker,
            checkpoint=None if happens(rng, WITHOUT_SPOT) else spot.id,
            fix=fix,
        )

    def log(self, hand: Hand, now: float) -> WriteLog:
        """His work log of the day, written at a second of it."""
        at = self._instant(now)
        millisecond = round(now * 1000)
        return WriteLog(
            at=at,
            id=act_id(self.seed, self.start, hand.worker, "log", millisecond),
            worker=hand.worker,
            on=civil_date(at, self._zone),
            text=stories.log_text(chance(self.seed, hand.worker, "log", millisecond)),
        )

    def incidents(self) -> Iterator[ReportIncident]:
        """What happens in the district, about once every `incident_every_s`."""
        rng = chance(self.seed, "incidents")
        grounds = frozenset(hand.cell for hand in self._crew)
        houses = [house for house in self.town.houses if house.cell in grounds and house.number]
        marks = [mark for mark in self.town.marks if mark.cell in grounds]
        if not houses or self._rhythm.incident_every_s is None:
            return
        # Where people live is where things happen, not where there are most sheds.
        homes = [house for house in houses if house.kind == "residential" and house.units] or houses
        now, serial = between(rng, 4, 12), 0
        while True:
            serial += 1
            happened = stories.story(rng)
            at_home = happened.at_home or happens(rng, 0.5)
            house = one_of(rng, homes if at_home else houses)
            marks_there = [] if happened.at_home else marks
            yield self._incident(now, serial, happened, house, marks_there)
            now += self._rhythm.incident_every_s * between(rng, 0.5, 1.5)

    def _incident(
        self,
        now: float,
        serial: int,
        happened: stories.Story,
        house: House,
        marks: Sequence[Mark],
    ) -> ReportIncident:
        rng = chance(self.seed, "incident", serial)
        said: House | Mark = house
        address: str | None = None
        point: tuple[float, float] | None = None
        luck = float(rng.random())
        if luck < 0.12:
            address = stories.vague(rng, self.town, house)
        elif luck < 0.3 and marks:
            said = one_of(rng, marks)
            address = stories.landmark_said(rng, said)
        elif luck < 0.9:
            address = stories.address_of(rng, self.town, house)
        lon, lat = (round(float(v), 7) for v in degrees(said.x, said.y, self.town.srid))
        if address is None:
            point = (lon, lat)
        return ReportIncident(
            at=self._instant(now),
            id=act_id(self.seed, self.start, "incident", serial),
            title=happened.title,
            category=happened.category,
            severity=happened.severity,
            address=address,
            point=point,
            true_place=(lon, lat),
            reporter=one_of(rng, stories.REPORTERS),
            phone=of_caller(int(rng.integers(1_000_000))),
            outcome=happened.outcome,
        )

    def _instant(self, second: float) -> datetime:
        return self.start + timedelta(milliseconds=round(second * 1000))

    def _second(self, at: datetime) -> float:
        return (at - self.start).total_seconds()


def _by_worker(hand: Hand) -> UUID:
    return hand.worker


def _by_time(act: Act) -> datetime:
    return act.at
