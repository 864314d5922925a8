# SPDX-License-Identifier: Apache-2.0
"""What a draft would change, as values that JSON can say. Places are WGS-84 degrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from geo.columns import Origin
from geo.ids import CheckInId, CheckpointId, IncidentId, PlanId, WorkerId
from geo.incidents.rules import IncidentStatus, Severity
from geo.patrol.rules import VerdictKind
from geo.workforce.rules import AssignmentRole

Item = TypeVar("Item")
MOST_LISTED = 1000


class Fate(StrEnum):
    """What becomes of a cell."""

    RESHAPED = "reshaped"  # the same code on other land
    RECODED = "recoded"  # another code on the same land
    SPLIT = "split"  # several follow it
    MERGED = "merged"  # one follows it and others
    FOLLOWED = "followed"  # another code on other land
    GONE = "gone"  # none follows it


class Loss(StrEnum):
    """Why a checkpoint loses its cell."""

    CELL_GONE = "cell_gone"  # its cell has no such code any more
    ELSEWHERE = "elsewhere"  # it lies in another cell now


@dataclass(frozen=True)
class Listed(Generic[Item]):
    """The first or a spread of some things, and how many there are."""

    total: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class MovedBuilding:
    """A building whose people come to another cell, by a point of it."""

    id: str
    name: str
    households: int
    before: str
    after: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Flow:
    """How many come from one cell to another."""

    before: str
    after: str
    buildings: int
    households: int


@dataclass(frozen=True)
class People:
    """Whose cell changes.

    `buildings` and `households` change cell: they are not in the cell that goes on from theirs with
    most of its people. `of_another_holder` are the households for whom another worker would
    answer. Those `renamed` stay together where they are and get another code.
    """

    buildings: int
    households: int
    of_another_holder: int
    renamed_buildings: int
    renamed_households: int
    flows: Listed[Flow]
    moved: Listed[MovedBuilding]


@dataclass(frozen=True)
class TouchedAssignment:
    """An assignment to a cell that does not stay as it is; `heirs` follow that cell.

    `households_after` are those of the heirs he is proposed for as their holder; in another role
    those of the heir that has most of the cell. `border_only`: the cell keeps its code and exactly
    its buildings, and only its border was drawn otherwise.
    """

    worker: WorkerId
    name: str
    role: AssignmentRole
    cell: str
    fate: Fate
    heirs: tuple[str, ...]
    households_before: int
    households_after: int
    border_only: bool


@dataclass(frozen=True)
class Candidate:
    """The holder of an old cell, and how many households of a new cell he knows."""

    worker: WorkerId
    name: str
    cell: str
    households: int


@dataclass(frozen=True)
class Proposal:
    """Who would hold a cell of the draft that is new or has other land.

    Its present holder while it keeps its code; else, as when the plan is published, the holder of
    the old cell that it has most households of. `candidates` are the holders of all old cells that
    go on in it, the proposed one first.
    """

    cell: str
    name: str
    households: int
    holder: WorkerId | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Workers:
    """Who is touched: `workers` people, by assignment; and who is proposed for which cell.

    For `border_only` of these people nothing but borders changes: their assignments come last.
    """

    workers: int
    border_only: int
    assignments: Listed[TouchedAssignment]
    proposals: Listed[Proposal]


@dataclass(frozen=True)
class OrphanedCheckpoint:
    """A checkpoint that loses its cell, and the cell of the draft in which it lies."""

    id: CheckpointId
    code: str
    name: str
    loss: Loss
    before: str
    after: str | None
    lon: float
    lat: float


@dataclass(frozen=True)
class MovedIncident:
    """An incident that is not closed and comes to another cell. It says nothing of people."""

    id: IncidentId
    category: str
    severity: Severity
    status: IncidentStatus
    before: str
    after: str | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True)
class Stand:
    """How a check-in is judged: of which cell, with what verdict, and whether it counts."""

    cell: str | None
    verdict: VerdictKind | None
    accepted: bool


@dataclass(frozen=True)
class ChangedVerdict:
    """A past check-in that the draft judges otherwise, where it was made.

    A place that expired after it was judged is None.
    """

    id: CheckInId
    observed_at: datetime
    origin: Origin
    lon: float | None
    lat: float | None
    before: Stand
    after: Stand


@dataclass(frozen=True)
class Transition:
    """How many check-ins go from one verdict to another."""

    before: VerdictKind | None
    accepted_before: bool
    after: VerdictKind | None
    accepted_after: bool
    check_ins: int


@dataclass(frozen=True)
class CellChanges:
    """How many verdicts change of those that an old cell judged."""

    cell: str | None
    check_ins: int
    lost: int
    """Counted, and would not count."""
    won: int


@dataclass(frozen=True)
class PastCheckIns:
    """How the check-ins observed from `since` until `until` would have been judged.

    Of `total` in the time, `concerned` are of cells that do not stay as they are; `erased` of these
    cannot be judged: where they were has expired. `near` lie so near to changed land that they were
    judged by both plans, and `changed` of them get another verdict, by `origins`.
    """

    since: datetime
    until: datetime
    total: int
    concerned: int
    erased: int
    near: int
    changed: int
    origins: dict[str, int]
    transitions: tuple[Transition, ...]
    cells: Listed[CellChanges]
    verdicts: Listed[ChangedVerdict]


@dataclass(frozen=True)
class Impact:
    """What a draft would change if it were adopted now, against the plan it is based on.

    `check_ins` is None where they are too many to be judged at once.
    """

    plan: PlanId
    base: PlanId
    at: datetime
    people: People
    workers: Workers
    checkpoints: Listed[OrphanedCheckpoint]
    incidents: Listed[MovedIncident]
    check_ins: PastCheckIns | None


def first(items: Sequence[Item]) -> Listed[Item]:
    """The first of some things, and how many there are."""
    return Listed(len(items), tuple(items[:MOST_LISTED]))
