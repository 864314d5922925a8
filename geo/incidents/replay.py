# SPDX-License-Identifier: Apache-2.0
"""A recommendation made again from what was known when it was made. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geo.incidents.inquiry import Inquiry
from geo.incidents.ranking import ranked


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One ring as it was recommended, and again; None for who was named by a person or a ladder."""

    ring: int
    at: str
    recommended: dict[str, Any]
    again: dict[str, Any] | None

    @property
    def same(self) -> bool | None:
        """Whether the rule still leads to the same recommendation."""
        if self.again is None:
            return None
        return all(self.recommended.get(name) == value for name, value in self.again.items())


def replayed(recommendation: Mapping[str, Any]) -> list[Replayed]:
    """Every ring of a kept recommendation, ranked again. It needs nothing but itself."""
    return [
        Replayed(
            ring=ring["ring"],
            at=ring["at"],
            recommended={name: said for name, said in ring.items() if name not in ("ring", "at")},
            again=_again(ring),
        )
        for ring in recommendation["rings"]
    ]


def _again(ring: Mapping[str, Any]) -> dict[str, Any] | None:
    kept = ring.get("inquiry")
    return None if kept is None else ranked(Inquiry.from_fields(kept)).as_fields
