# SPDX-License-Identifier: Apache-2.0
"""The acts behind what was recorded of an incident and its linkup."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.incident_story import incident_acts, linkup_acts
from geo.outbox import Recorded

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)


def recorded(*bodies: dict[str, Any], kind: str = "incident.changed") -> list[Recorded]:
    return [
        Recorded(
            seq=number,
            kind=body.pop("kind", kind),
            subject=UUID(int=1),
            area=None,
            workers=(),
            body=body,
            place=None,
            actor=f"account:{UUID(int=number)}",
            origin="real",
            at=BEGAN + timedelta(seconds=number),
        )
        for number, body in enumerate(bodies)
    ]


def incident(**changed: Any) -> dict[str, Any]:
    return {
        "label": "彩虹街10号楼",
        "severity": "urgent",
        "status": "open",
        "cell": "1",
        "lon": 1.0,
        "lat": 2.0,
        "merged_into": None,
        **changed,
    }


def ask(worker: str, state: str, ring: int = 1) -> dict[str, Any]:
    return {"worker": worker, "state": state, "ring": ring}


def test_what_was_written_and_spoken_stands_between() -> None:
    worker = str(UUID(int=9))
    call = {"kind": "call.changed", "worker": worker, "seconds": None}
    acts = list(
        incident_acts(
            recorded(
                incident(),
                {"kind": "message.written", "text": "到西门"},
                {**call, "state": "ringing"},
                {**call, "state": "talking"},
                {**call, "state": "ended", "seconds": 41.6},
                {**call, "state": "ended"},
                incident(status="closed"),
            )
        )
    )
    codes = ["reported", "wrote", "call_spoke", "call_hung_up", "call_missed", "closed"]
    assert [act["code"] for act in acts] == codes
    assert (acts[1]["text"], acts[3]["seconds"], acts[3]["workers"]) == ("到西门", 42, [worker])


def test_an_act_is_what_differs() -> None:
    acts = incident_acts(
        recorded(
            incident(label=None, lon=None, lat=None, status="unlocated"),
            incident(),
            incident(calls=2),
            incident(status="linked"),
            incident(status="closed"),
        )
    )
    assert [act["code"] for act in acts] == ["reported", "placed", "closed"]


def test_merged_is_not_merely_closed() -> None:
    (_, merged) = incident_acts(recorded(incident(), incident(status="closed", merged_into="2")))
    assert (merged["code"], merged["into"]) == ("merged", "2")
    assert merged["by"] == f"account:{UUID(int=1)}"


def test_rings_and_answers() -> None:
    acts = list(
        linkup_acts(
            recorded(
                {"asked": [ask("a", "asked"), ask("b", "asked")]},
                {"asked": [ask("a", "declined"), ask("b", "asked")]},
                {
                    "asked": [
                        ask("a", "declined"),
                        ask("b", "timed_out"),
                        ask("c", "asked", 2),
                    ]
                },
                {
                    "kind": "linkup.exhausted",
                    "asked": [
                        ask("a", "declined"),
                        ask("b", "late"),
                        ask("c", "timed_out", 2),
                    ],
                },
            )
        )
    )
    assert [(act["code"], act.get("workers"), act.get("ring")) for act in acts] == [
        ("asked", ["a", "b"], 1),
        ("declined", ["a"], None),
        ("timed_out", ["b"], None),
        ("asked", ["c"], 2),
        ("late", ["b"], None),
        ("timed_out", ["c"], None),
        ("exhausted", None, None),
    ]


def test_steps_of_the_climb() -> None:
    def step(number: int, state: str, by: str | None = None) -> dict[str, Any]:
        return {
            "step": number,
            "level": "community",
            "state": state,
            "called": [{"name": "社区值班"}],
            "by": None if by is None else {"name": by},
        }

    acts = linkup_acts(
        recorded(
            {"asked": [], "climb": [step(1, "unmanned"), step(2, "asked")]},
            {"asked": [], "climb": [step(1, "unmanned"), step(2, "acknowledged", "李主任")]},
        )
    )
    assert [(act["code"], act["names"]) for act in acts] == [
        ("climb_unmanned", ["社区值班"]),
        ("climb_asked", ["社区值班"]),
        ("climb_acknowledged", ["李主任"]),
    ]
