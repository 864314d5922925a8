# SPDX-License-Identifier: Apache-2.0
"""A draft as it is kept: its name, what it is based on, and the steps it was drawn by."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from geo.errors import Busy, Conflict, NotFound, Outdated
from geo.hierarchy.rules import PlanStatus
from geo.ids import PlanId
from geo.outbox import Event
from geo.values import value


class StepKind(StrEnum):
    """How a draft went on by one step."""

    EDIT = "edit"
    BRANCH = "branch"
    IMPORT = "import"
    DRAW = "draw"
    UNDO = "undo"
    REDO = "redo"


class PlanNotFound(NotFound):
    """This district has no such plan."""

    code = "plan.not_found"


class NotADraft(Conflict):
    """The plan has been published or withdrawn: draw on a draft that is based on it."""

    code = "plan.not_a_draft"


class NothingToUndo(Conflict):
    """The draft stands as it was begun, or nothing that was undone is left to redo."""

    code = "plan.nothing_to_undo"


class ProblemsRemain(Conflict):
    """The draft has gaps, overlaps or the like; `problems` lists them with their places."""

    code = "plan.problems_remain"


class RevisionStale(Outdated):
    """Somebody else went on drawing; `steps` say what changed since."""

    code = "plan.revision_stale"


class BeingEdited(Busy):
    """An edit of somebody else on this draft is still being worked out."""

    code = "plan.being_edited"


@dataclass(frozen=True)
class PlanEntry:
    """A plan in the list of plans. The last fields are those of a draft, else None."""

    id: PlanId
    name: str
    status: PlanStatus
    begins_on: date | None
    ends_on: date | None
    created_at: datetime
    base: PlanId | None = None
    revision: int | None = None
    state: int | None = None
    undone: tuple[int, ...] = ()
    actor: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Step:
    """A step of a draft: what was asked for, what came of it, by whom and when."""

    revision: int
    kind: StepKind
    state: int
    asked: dict[str, Any] | None
    outcome: dict[str, Any] | None
    actor: str
    at: datetime

    def as_fields(self) -> dict[str, Any]:
        """JSON values, for an error that tells what changed."""
        return {
            "revision": self.revision,
            "kind": self.kind.value,
            "op": (self.asked or {}).get("op"),
            "changed": (self.outcome or {}).get("changed", []),
            "removed": (self.outcome or {}).get("removed", []),
            "actor": self.actor,
            "at": self.at.isoformat(),
        }


@value(kw_only=True)
class DraftChanged(Event):
    """A draft was begun, drawn on, renamed or thrown away; other planners look again."""

    kind: ClassVar[str] = "draft.changed"
