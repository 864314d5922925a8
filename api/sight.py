# SPDX-License-Identifier: Apache-2.0
"""What of the live state an actor may see: one rule for the snapshot and for every event after it.

Which rows: those of the actor's areas, and those about himself. What of a row: the permission table
decides, by the verb that guards the same facts elsewhere. Whoever may not read check-ins sees their
verdicts and cells, but neither who nor where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geo.accounts.rules import PERMISSIONS, Actor, Reach, Role
from geo.ids import contains
from geo.outbox import KINDS, Recorded

Row = dict[str, Any]

# Events that change no row of the snapshot -> the verb that guards the same facts elsewhere.
_GUARDS = {
    "account": "accounts.manage",
    "appeal": "appeals.read",
    "call": "messages.read",
    "check_in": "checkins.read",
    "check_in_policy": "checkpoints.read",
    "checkpoint": "checkpoints.read",
    "department": "departments.read",
    "device": "devices.read",
    "gazetteer": "gazetteer.read",
    "handover": "handover.read",
    "linkup_policy": "incidents.manage",
    "message": "messages.read",
    "draft": "plans.read",
    "plan": "areas.read",
    "track": "tracks.read",
    "work_log": "worklogs.read",
    "worker": "workers.read",
}
# What every screen of the district has to know, whatever its area: its map is to be drawn anew.
_FOR_ALL = {"plan.took_effect"}
# Collection -> the verb that lets somebody read it whole, and what others see of a row.
_COUNTS: dict[str, tuple[str, frozenset[str]]] = {
    "workers": ("workers.read", frozenset({"id", "cells", "on_duty", "since", "origin"})),
    "check_ins": (
        "checkins.read",
        frozenset({"id", "cell", "verdict", "accepted", "observed_at", "origin"}),
    ),
}
_INCIDENTS = {"incidents", "linkups"}
# Of an ask: what says neither who was asked nor how far away he stood.
_ASK = frozenset(
    {"state", "ring", "rank", "asked_at", "answer_by", "answered_at", "arrived_at", "helper"}
)
# Of a step of the climb: everything but who was asked and who answered.
_STEP = frozenset({"step", "level", "state", "area", "asked_at", "answer_by", "answered_at"})


@dataclass(frozen=True)
class Sight:
    """What an actor sees. Equal sights see the same bytes."""

    areas: tuple[str, ...]
    worker: str | None
    role: Role

    @classmethod
    def of(cls, actor: Actor) -> "Sight":
        """The sight of an actor."""
        worker = None if actor.worker is None else str(actor.worker)
        return cls(actor.areas, worker, actor.role)

    def reach(self, verb: str) -> Reach | None:
        """How far this sight's role may use a verb."""
        return PERMISSIONS[verb].get(self.role)

    @property
    def people(self) -> bool:
        """Whether positions of people may be seen."""
        return self.worker is not None or self.reach("nearest.read") is not None

    def holds(self, area: str | None, workers: tuple[str, ...]) -> bool:
        """Whether a thing of an area, about some workers, concerns this sight."""
        if self.worker is not None:
            return self.worker in workers
        if area is None:
            # What belongs to no narrower area is the whole district's.
            return any(len(own) == 6 for own in self.areas)
        return any(contains(own, area) for own in self.areas)

    def row(self, collection: str, row: Row) -> Row | None:
        """A row of a collection as this sight sees it; None: not at all."""
        if collection in _COUNTS:
            verb, fields = _COUNTS[collection]
            whole = self.reach(verb) is not None
            return row if whole else {name: row[name] for name in row if name in fields}
        if collection in _INCIDENTS:
            if self.reach("incidents.read") is None:
                return None
            return self._linkup(row) if collection == "linkups" else row
        if collection == "positions":
            return row if self.people else None
        return row

    def event(self, happened: Recorded) -> Row | None:
        """The body of an event as this sight sees it; None: it is not for these eyes."""
        if happened.kind in _FOR_ALL:
            return happened.body
        if not self.holds(happened.area, happened.workers):
            return None
        kind = KINDS.get(happened.kind)
        collection = kind.collection if kind else None
        if collection is None:
            verb = _GUARDS.get(happened.kind.partition(".")[0])
            known = self.people if verb is None else self.reach(verb) is not None
            return happened.body if known else None
        return self.row(collection, {**happened.body, **(happened.place or {})})

    def _linkup(self, row: Mapping[str, Any]) -> Row:
        asked: list[Row] = list(row.get("asked", ()))
        if self.worker is not None:
            asked = [ask for ask in asked if ask["worker"] == self.worker]
            return {**row, "asked": asked, "climb": [], "uncovered": []}
        if self.people:
            return {**row, "asked": asked}
        asked = [{name: ask[name] for name in ask if name in _ASK} for ask in asked]
        climb = [
            {name: step[name] for name in step if name in _STEP} for step in row.get("climb", ())
        ]
        return {**row, "lead": None, "asked": asked, "climb": climb}
