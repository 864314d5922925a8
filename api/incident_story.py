# SPDX-License-Identifier: Apache-2.0
"""What happened to an incident, act by act: who, what, when; from what was recorded.

An event says how a thing stands afterwards. An act is what differs from how it stood before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo.accounts.queries import account_names, devices
from geo.accounts.rules import SYSTEM_ACTOR
from geo.clock import rfc3339
from geo.ids import DistrictCode
from geo.incidents import queries
from geo.incidents.call_queries import further_calls, merged_into
from geo.incidents.department_queries import transfers_of
from geo.incidents.rules import Incident
from geo.outbox import Recorded, history_of
from geo.workforce.queries import worker_names

Act = dict[str, Any]


def story(session: Session, incident: Incident) -> list[Act]:
    """The acts in order: `at`, `by` (a name; null: the service itself), `code`, and fields."""
    of = (session, incident.district, incident.id)
    acts = list(incident_acts(history_of(*of)))
    linked = queries.linkups_of(session, incident.district, [incident.id]).get(incident.id)
    if linked is not None:
        acts += linkup_acts(history_of(session, incident.district, linked.id))
        said = {str(ask.worker): ask.answer_text for ask in linked.asked if ask.answer_text}
        for act in acts:
            if act["code"] == "declined" and act["workers"][0] in said:
                act["text"] = said[act["workers"][0]]
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
    """The acts behind what was recorded of an incident, oldest first."""
    before: Mapping[str, Any] | None = None
    for recorded in history:
        now = recorded.body
        at = (recorded.at, recorded.actor)
        if before is None:
            yield _act(*at, "reported", label=now["label"], severity=now["severity"])
        else:
            if (now["lon"], now["lat"]) != (before["lon"], before["lat"]):
                yield _act(*at, "placed", label=now["label"], cell=now["cell"])
            if now["status"] == "closed" and before["status"] != "closed":
                into = now.get("merged_into")
                yield _act(*at, "merged", into=into) if into else _act(*at, "closed")
        before = now


def linkup_acts(history: Sequence[Recorded]) -> Iterator[Act]:
    """The acts behind what was recorded of a linkup, oldest first."""
    before: dict[str, str] = {}
    for recorded in history:
        at = (recorded.at, recorded.actor)
        asks = recorded.body["asked"]
        for state in dict.fromkeys(ask["state"] for ask in asks if ask["worker"] in before):
            moved = [
                ask["worker"]
                for ask in asks
                if ask["state"] == state and before.get(ask["worker"], state) != state
            ]
            if moved:
                yield _act(*at, state, workers=moved)
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
    signed = {act["by"] for act in acts if act["by"] not in (None, SYSTEM_ACTOR)}
    ids = {by: UUID(by.partition(":")[2]) for by in signed}
    accounts = account_names(session, district, ids.values())
    phones = devices(session, district, ids.values())
    about = {UUID(worker) for act in acts for worker in act.get("workers", ())}
    workers = worker_names(session, district, {*about, *(one.worker for one in phones.values())})
    signatures = {by: accounts.get(id) for by, id in ids.items()}
    signatures |= {by: workers.get(phones[id].worker) for by, id in ids.items() if id in phones}
    made = []
    for act in acts:
        named = {**act, "at": rfc3339(act["at"]), "by": signatures.get(act["by"])}
        if "workers" in act:
            named["workers"] = [workers.get(UUID(worker), worker) for worker in act["workers"]]
        made.append(named)
    return made
