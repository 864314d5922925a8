# SPDX-License-Identifier: Apache-2.0
"""Shapes by place, for values of which each version moves a few."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

# So many moved shapes are looked through one by one before they get a tree of their own.
_LOOSE = 48

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Grown:
    """A tree over shapes as they were when it was grown."""

    tree: shapely.STRtree
    keys: tuple[str, ...]
    shapes: tuple[BaseGeometry, ...]


@dataclass(frozen=True)
class Whereabouts:
    """Trees, the large and old before the small and new, and the last few that moved.

    What has moved since a tree was grown stands in it still, and in a newer place as well: whoever
    asks says where a shape is now. A small tree is grown again with the one before it as soon as
    it is half as large, so a moved shape is indexed a few times and never all of them for one.
    """

    grown: tuple[_Grown, ...]
    loose: Mapping[str, BaseGeometry]

    @classmethod
    def of(cls, shapes: Mapping[str, BaseGeometry]) -> "Whereabouts":
        """All shapes by key, in one tree."""
        return cls((_grown(shapes),), {})

    def after(self, moved: Mapping[str, BaseGeometry]) -> "Whereabouts":
        """With some shapes new or in another place."""
        loose = {**self.loose, **moved}
        if len(loose) <= _LOOSE:
            return Whereabouts(self.grown, loose)
        kept = list(self.grown)
        while kept and len(kept[-1].keys) <= 2 * len(loose):
            old = kept.pop()
            loose = {**dict(zip(old.keys, old.shapes, strict=True)), **loose}
        return Whereabouts((*kept, _grown(loose)), {})

    def within(self, box: Box, now: Callable[[str], BaseGeometry | None]) -> list[str]:
        """Keys, in order, of the shapes whose boxes meet a box; `now` has them as they are."""
        area = shapely.box(*box)
        found = set(self.loose)
        for level in self.grown:
            found.update(level.keys[at] for at in level.tree.query(area).tolist())
        here = {key: shape for key in sorted(found) if (shape := now(key)) is not None}
        if not here:
            return []
        bounds = shapely.bounds(np.array(list(here.values()), dtype=object))
        west, south, east, north = box
        meets: Any = (
            (bounds[:, 0] <= east)
            & (bounds[:, 2] >= west)
            & (bounds[:, 1] <= north)
            & (bounds[:, 3] >= south)
        )
        return [key for key, own in zip(here, meets.tolist(), strict=True) if own]


def _grown(shapes: Mapping[str, BaseGeometry]) -> _Grown:
    return _Grown(shapely.STRtree(list(shapes.values())), tuple(shapes), tuple(shapes.values()))
