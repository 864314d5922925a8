# SPDX-License-Identifier: Apache-2.0
"""What happened to an incident, act by act: who, what, when; from what was recorded.

An event says how a thing stands afterwards. An act is what differs from how it stood before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.clock import rfc3339
from geo.ids import DistrictCode, WorkerId
from geo.incidents import queries
from geo.incidents.call_queries import further_calls, merged_into
from geo.incidents.department_queries import transfers_of
from geo.incidents.rules import Incident
from geo.outbox import Recorded, history_of
from geo.workforce.queries import names
from geo.workforce.signatures import names_behind

Act = dict[str, Any]


def story(session: Session, incident: Incident) -> list[Act]:
    """The acts in order: `at`, `by` (a name; null: the service itself), `code`, and fields."""
    of = (session, incident.district, incident.id)
    acts = list(incident_acts(history_of(*of)))
    for id in queries.linkup_ids(session, incident.district, incident.id):
        acts += linkup_acts(history_of(session, incident.district, id))
    acts += [
        _act(call.at, call.actor, "called", text=call.text, reporter=call.reporter)
        for call in further_calls(*of)
    ]
    acts += [
        _act(handed.at, handed.actor, "transferred", name=handed.name, text=handed.text)
        for handed in transfers_of(*of)
    ]
    acts += [
        _act(one.closed_at, None, "merged_in", id=str(one.id), title=one.title)
        for one in merged_into(*of)
    ]
    acts.sort(key=lambda act: act["at"])
    return _named(session, incident.district, acts)


def incident_acts(history: Sequence[Recorded]) -> Iterator[Act]:
    """The acts behind what was recorded of an incident and in its channel, oldest first."""
    before: Mapping[str, Any] | None = None
    for recorded in history:
        now = recorded.body
        at = (recorded.at, recorded.actor)
        if recorded.kind == "message.written":
            yield _act(*at, "wrote", text=now["text"])
            continue
        if recorded.kind == "call.changed":
            yield from _call_acts(recorded)
            continue
        if before is None:
            yield _act(*at, "reported", label=now["label"], severity=now["severity"])
        else:
            if (now["lon"], now["lat"]) != (before["lon"], before["lat"]):
                yield _act(*at, "placed", label=now["label"], cell=now["cell"])
            if now["status"] == "closed" and before["status"] != "closed":
                into = now.get("merged_into")
                yield _act(*at, "merged", into=into) if into else _act(*at, "closed")
        before = now


def _call_acts(recorded: Recorded) -> Iterator[Act]:
    """Who spoke with whom and for how long, or did not; a call that still rings is no act yet."""
    call = recorded.body
    if call["state"] == "talking":
        code = "spoke"
    elif call["state"] == "ended":
        code = "missed" if call["seconds"] is None else "hung_up"
    else:
        return
    yield _act(
        recorded.at,
        recorded.actor,
        f"call_{code}",
        workers=[call["worker"]],
        seconds=None if call["seconds"] is None else round(call["seconds"]),
    )


def linkup_acts(history: Sequence[Recorded]) -> Iterator[Act]:
    """The acts behind what was recorded of a linkup, oldest first."""
    before: dict[str, str] = {}
    steps: dict[int, str] = {}
    for recorded in history:
        at = (recorded.at, recorded.actor)
        asks = recorded.body["asked"]
        # Linkups of before the ladder have none.
        for step in recorded.body.get("climb", ()):
            names = [one["name"] for one in step["called"]]
            if step["step"] not in steps and step["state"] in ("asked", "unmanned"):
                yield _act(*at, f"climb_{step['state']}", level=step["level"], names=names)
            elif steps.get(step["step"]) != step["state"]:
                by = None if step["by"] is None else step["by"]["name"]
                yield _act(
                    *at, f"climb_{step['state']}", level=step["level"], names=[by] if by else names
                )
            steps[step["step"]] = step["state"]
        for state in dict.fromkeys(ask["state"] for ask in asks if ask["worker"] in before):
            moved = [
                ask["worker"]
                for ask in asks
                if ask["state"] == state and before.get(ask["worker"], state) != state
            ]
            if moved:
                said = {ask["worker"]: ask.get("answer_text") for ask in asks}
                text = "；".join(filter(None, (said[worker] for worker in moved)))
                yield _act(*at, state, workers=moved, text=text or None)
        fresh = [ask for ask in asks if ask["worker"] not in before]
        for ring in dict.fromkeys(ask["ring"] for ask in fresh):
            workers = [ask["worker"] for ask in fresh if ask["ring"] == ring]
            yield _act(*at, "asked", ring=ring, workers=workers)
        if recorded.kind == "linkup.exhausted":
            yield _act(*at, "exhausted")
        before = {ask["worker"]: ask["state"] for ask in asks}


def _act(at: Any, by: str | None, code: str, **fields: Any) -> Act:
    return {"at": at, "by": by, "code": code, **fields}


def _named(session: Session, district: DistrictCode, acts: Iterable[Act]) -> list[Act]:
    """Acts with the names of who did them and of whom they are about."""
    acts = list(acts)
    signed = names_behind(session, district, {act["by"] for act in acts if act["by"]})
    about = {UUID(worker) for act in acts for worker in act.get("workers", ())}
    workers = names(session, district, about)
    made = []
    for act in acts:
        named = {**act, "at": rfc3339(act["at"]), "by": signed.get(act["by"])}
        if "workers" in act:
            named["workers"] = [workers[WorkerId(UUID(worker))] for worker in act["workers"]]
        made.append(named)
    return made
