# SPDX-License-Identifier: Apache-2.0
"""The simulated duty officer and the workers he calls: what follows from what the service answers.

Nothing here decides who is asked: the service does. Asked workers answer as the day says they do,
go there, and the officer closes what he opened. Incidents that a person reported are answered by
the simulated workers too, and left to that person to close.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from api.play.cast import Cast
from api.play.door import Door, Said
from geo.sim.acts import (
    Act,
    AnswerLinkup,
    Arrive,
    BeginLinkup,
    CloseIncident,
    LocateIncident,
    LookAfter,
    ReportIncident,
)
from geo.sim.day import Day
from geo.sim.stories import WRITTEN_OFF

# A ring lasts some 20 s: who is asked in the next one must hear of it in time.
LOOKS_EVERY = timedelta(seconds=5)
# Nobody came: it goes to another office.
GIVES_UP_AFTER = timedelta(minutes=6)
LOOKS_SELDOM = timedelta(seconds=30)
LEFTOVER_OUTCOME = "已处置完毕"

Plan = Callable[[Act], None]


@dataclass
class Case:
    """What the officer knows of one incident."""

    incident: UUID
    since: datetime
    place: tuple[float, float] | None
    outcome: str
    ours: bool = True
    lead: UUID | None = None
    attempts: int = 0
    placed: bool = False
    settled: set[tuple[UUID, UUID]] = field(default_factory=set)
    """(linkup, worker) of those who were asked and will answer as they will."""
    will_look: bool = False


class Officer:
    """Handles incidents through the API; what comes later is planned by `plan`."""

    def __init__(self, door: Door, day: Day, cast: Cast, plan: Plan) -> None:
        self._door, self._day, self._cast, self._plan = door, day, cast, plan
        self._token: str | None = None
        self.cases: dict[UUID, Case] = {}
        self.closed = 0
        self.accepted = 0

    async def sign_in(self) -> Said:
        """Open a session, or another when the last one has ended."""
        credentials = {"username": self._cast.username, "password": self._cast.password}
        said = await self._door.ask("sign in", "POST", "/sessions", body=credentials)
        self._token = said.body["token"] if said.good else None
        return said

    async def perform(self, act: Act, now: datetime) -> None:
        """Do what the act says, and plan what follows."""
        match act:
            case ReportIncident():
                await self._report(act, now)
            case LocateIncident():
                place = {"point": _point(act.point)}
                said = await self._ask("place", "POST", f"/incidents/{act.incident}/place", place)
                self._look_at(act.incident, said, now)
            case BeginLinkup():
                await self._begin(act, now)
            case AnswerLinkup():
                await self._answer(act, now)
            case Arrive():
                await self._arrive(act, now)
            case LookAfter():
                await self._look_after(act, now)
            case CloseIncident():
                await self._close(act, now)

    async def look_around(self, now: datetime) -> None:
        """Find incidents that others opened, or that an earlier simulation left behind."""
        for status in ("unlocated", "open", "linked"):
            said = await self._ask("look around", "GET", f"/incidents?status={status}&limit=100")
            for row in said.body["items"] if said.good else ():
                incident = UUID(row["id"])
                if incident in self.cases:
                    continue
                left_behind = row.get("origin") == "simulated"
                self.cases[incident] = Case(
                    incident, now, _place_of(row), LEFTOVER_OUTCOME, ours=left_behind
                )
                if left_behind:
                    soon = now + self._day.patience(incident, "leftover", 5, 150)
                    self._plan(CloseIncident(at=soon, incident=incident, outcome=LEFTOVER_OUTCOME))
                else:
                    self.cases[incident].will_look = True
                    self._plan(LookAfter(at=now, incident=incident))

    async def clear_up(self, now: datetime) -> None:
        """Close what is still open of one's own."""
        for case in [case for case in self.cases.values() if case.ours]:
            act = CloseIncident(at=now, incident=case.incident, outcome=case.outcome)
            await self._close(act, now)

    async def _report(self, act: ReportIncident, now: datetime) -> None:
        body: dict[str, Any] = {
            "id": str(act.id),
            "title": act.title,
            "category": act.category,
            "severity": act.severity,
            "place": {"point": _point(act.point)} if act.point else {"address": act.address},
        }
        if act.caller:
            body["reporter"] = act.caller
        self.cases[act.id] = Case(act.id, now, act.true_place, act.outcome)
        said = await self._ask("report", "POST", "/incidents", body)
        if said.good:
            self._look_at(act.id, said, now)
        else:
            del self.cases[act.id]

    def _look_at(self, incident: UUID, said: Said, now: datetime) -> None:
        """Plan what the state of an incident asks for."""
        case = self.cases.get(incident)
        if case is None or not said.good:
            return
        case.place = case.place or _place_of(said.body)
        status, linkup = said.body["status"], said.body.get("linkup")
        if status == "closed":
            self._forget(case, now)
        elif status == "unlocated":
            if case.ours and not case.placed and case.place:
                case.placed = True
                later = now + self._day.patience(incident, "locate", 25, 80)
                self._plan(LocateIncident(at=later, incident=incident, point=case.place))
        elif linkup is not None and linkup.get("status", "open") == "open":
            self._hear_linkup(case, linkup, now)
        elif case.ours and case.lead is None:
            case.attempts += 1
            later = now + self._day.patience(incident, f"begin {case.attempts}", 4, 25)
            linkup_id = self._day.linkup_id(incident, case.attempts)
            self._plan(BeginLinkup(at=later, id=linkup_id, incident=incident))

    def _hear_linkup(self, case: Case, linkup: dict[str, Any], now: datetime) -> None:
        """Let each asked worker answer once, and look again while nobody has taken it."""
        linkup_id = UUID(linkup["id"])
        for ask in linkup["asked"]:
            worker = UUID(ask["worker"])
            if ask["state"] in ("accepted", "arrived"):
                self._taken(case, linkup_id, worker, now)
            if ask["state"] != "asked" or (linkup_id, worker) in case.settled:
                continue
            case.settled.add((linkup_id, worker))
            answer = self._day.answer(case.incident, worker)
            if answer is not None:
                asked_at = datetime.fromisoformat(ask["asked_at"])
                self._plan(
                    AnswerLinkup(
                        # Heard of late, he hurries: the answer clock runs since he was asked.
                        at=max(now, asked_at + timedelta(seconds=answer.after_s)),
                        worker=worker,
                        incident=case.incident,
                        linkup=linkup_id,
                        accepts=answer.accepts,
                        reason=answer.reason,
                    )
                )
        if case.lead not in self._cast.tokens:
            self._look_again(case, now)

    def _taken(self, case: Case, linkup: UUID, worker: UUID, now: datetime) -> None:
        """Somebody leads: one of ours goes there; somebody else does as he likes."""
        if case.lead is not None:
            return
        case.lead = worker
        if worker not in self._cast.tokens:
            return
        self.accepted += 1
        there = self._day.call(worker, now, *case.place) if case.place else None
        self._plan(
            Arrive(
                at=there or now + timedelta(seconds=60),
                worker=worker,
                incident=case.incident,
                linkup=linkup,
            )
        )

    def _look_again(self, case: Case, now: datetime) -> None:
        """Plan one more look; seldom where nothing has happened for long."""
        if not case.will_look:
            case.will_look = True
            pause = LOOKS_EVERY if now - case.since < GIVES_UP_AFTER else LOOKS_SELDOM
            self._plan(LookAfter(at=now + pause, incident=case.incident))

    async def _begin(self, act: BeginLinkup, now: datetime) -> None:
        case = self.cases.get(act.incident)
        if case is None:
            return
        said = await self._ask(
            "linkup", "POST", f"/incidents/{act.incident}/linkup", {"id": str(act.id), "k": 3}
        )
        if said.good:
            self._hear_linkup(case, said.body, now)
        else:
            # Nobody is there to be asked, or somebody was quicker.
            self._look_again(case, now)

    async def _answer(self, act: AnswerLinkup, now: datetime) -> None:
        case = self.cases.get(act.incident)
        if case is None or case.lead is not None:
            # His phone shows that somebody else has it.
            return
        if not act.accepts:
            path, body = f"/linkups/{act.linkup}/decline", {"reason": act.reason}
            await self._by_phone("decline", act.worker, path, body)
            return
        said = await self._by_phone("accept", act.worker, f"/linkups/{act.linkup}/accept")
        if said.good and _leads(said.body, act.worker):
            self._taken(case, act.linkup, act.worker, now)

    async def _arrive(self, act: Arrive, now: datetime) -> None:
        case = self.cases.get(act.incident)
        if case is None:
            return
        await self._by_phone("arrive", act.worker, f"/linkups/{act.linkup}/arrive")
        if case.ours:
            later = now + self._day.patience(act.incident, "handle", 40, 180)
            self._plan(CloseIncident(at=later, incident=act.incident, outcome=case.outcome))
        else:
            self._look_again(case, now)

    async def _look_after(self, act: LookAfter, now: datetime) -> None:
        case = self.cases.get(act.incident)
        if case is None:
            return
        case.will_look = False
        if case.ours and case.lead in self._cast.tokens:
            return
        if case.ours and now - case.since > GIVES_UP_AFTER:
            await self._close(
                CloseIncident(at=now, incident=act.incident, outcome=WRITTEN_OFF), now
            )
            return
        said = await self._ask("look after", "GET", f"/incidents/{act.incident}")
        if said.status == 404:
            self._forget(case, now)
            return
        self._look_at(act.incident, said, now)
        if act.incident in self.cases and (not case.ours or case.lead is not None):
            self._look_again(case, now)

    async def _close(self, act: CloseIncident, now: datetime) -> None:
        case = self.cases.get(act.incident)
        if case is None:
            return
        said = await self._ask(
            "close", "POST", f"/incidents/{act.incident}/close", {"outcome": act.outcome}
        )
        self.closed += said.good
        self._forget(case, now)

    def _forget(self, case: Case, now: datetime) -> None:
        if case.lead is not None:
            self._day.release(case.lead, now)
        self.cases.pop(case.incident, None)

    async def _ask(
        self, what: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Said:
        said = await self._door.ask(what, method, path, token=self._token, body=body)
        if said.status == 401:
            await self.sign_in()
            said = await self._door.ask(what, method, path, token=self._token, body=body)
        return said

    async def _by_phone(
        self, what: str, worker: UUID, path: str, body: dict[str, Any] | None = None
    ) -> Said:
        return await self._door.ask(what, "POST", path, token=self._cast.tokens[worker], body=body)


def _point(place: tuple[float, float] | None) -> dict[str, float]:
    assert place is not None
    return {"lon": place[0], "lat": place[1]}


def _place_of(incident: dict[str, Any]) -> tuple[float, float] | None:
    lon, lat = incident.get("lon"), incident.get("lat")
    return None if lon is None or lat is None else (float(lon), float(lat))


def _leads(linkup: dict[str, Any], worker: UUID) -> bool:
    return any(
        UUID(ask["worker"]) == worker and ask["state"] in ("accepted", "arrived")
        for ask in linkup.get("asked", ())
    )
