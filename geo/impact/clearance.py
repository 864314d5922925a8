# SPDX-License-Identifier: Apache-2.0
"""What lies about a place, known by squares of ground.

Millions of check-ins lie in some ten thousands of squares. How far a square's middle is from a
shape, and which edges of a cell come near it, is worked out once; for whatever else lies in the
square that decides nearly everything, and only the rest is asked of the shapes.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from geo.patrol.disc import Flags, Floats, Indices, shares_by_rim
from geo.patrol.grid import PlanGrid, rows_of

_SIDE_M = 8.0
# From the middle of a square to a corner of it.
HALF_M = _SIDE_M * math.sqrt(0.5)
_BITS = 22
# Of so many squares is kept what is known; then it begins anew.
_MOST = 2_000_000
# Nearly all check-ins are that accurate.
REACH_M = 40.0

# Distances (m) of places in metres, one to one, to the shapes of some numbers; shape (n,).
Measure = Callable[[Indices, Floats, Floats], Floats]


class _Squares(ABC):
    """Numbers pairs of a shape and a square in which places lie, from 0, as they come."""

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.int64)
        self._numbers = np.empty(0, dtype=np.int64)

    @abstractmethod
    def _learn(self, shapes: Indices, east: Floats, north: Floats) -> None:
        """Find out about the next pairs: by their shapes and the middles of their squares."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget all pairs."""

    def _pairs(self, shapes: Indices, east: Floats, north: Floats) -> Indices:
        """The number of the pair of each place with its shape; shape (n,).

        Coordinates are finite, in metres of one metric CRS.
        """
        if len(self._keys) > _MOST:
            self._keys, self._numbers = self._keys[:0], self._numbers[:0]
            self._forget()
        column, line = (np.floor(axis / _SIDE_M).astype(np.int64) for axis in (east, north))
        cut = (1 << _BITS) - 1
        keys = (shapes << 2 * _BITS) | ((column & cut) << _BITS) | (line & cut)
        at = np.searchsorted(self._keys, keys)
        known = at < len(self._keys)
        known[known] = self._keys[at[known]] == keys[known]
        if not known.all():
            new, first = np.unique(keys[~known], return_index=True)
            some = np.flatnonzero(~known)[first]
            self._learn(shapes[some], _middle(column[some]), _middle(line[some]))
            begins = len(self._keys)
            into = np.searchsorted(self._keys, new)
            self._keys = np.insert(self._keys, into, new)
            self._numbers = np.insert(self._numbers, into, np.arange(begins, begins + len(new)))
            at = np.searchsorted(self._keys, keys)
        return self._numbers[at]


def _middle(numbers: Indices) -> Floats:
    """The middles of columns or lines of squares, in metres."""
    middles: Floats = numbers.astype(np.float64)
    return (middles + 0.5) * _SIDE_M


class Clearance(_Squares):
    """How far squares are from the shapes that `measure` measures."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self._measure = measure
        self._metres = np.empty(0)

    def of(self, shapes: Indices, east: Floats, north: Floats) -> Floats:
        """The distance of the square in which each place lies to the shape of that number.

        Shape (n,), metres; the place's own differs by `HALF_M` at most.
        """
        pairs = self._pairs(shapes, east, north)
        return self._metres[pairs]

    def _learn(self, shapes: Indices, east: Floats, north: Floats) -> None:
        self._metres = np.concatenate([self._metres, self._measure(shapes, east, north)])

    def _forget(self) -> None:
        self._metres = self._metres[:0]


class Rims(_Squares):
    """Shares of discs of up to `REACH_M` in cells, by the edges that come near their squares."""

    def __init__(self, grid: PlanGrid) -> None:
        super().__init__()
        self._edges, self._begins = grid.edges
        # The edges near the pair n are those of `_near` from `_first[n]` to `_first[n + 1]`.
        self._near = np.empty(0, dtype=np.int64)
        self._first = np.zeros(1, dtype=np.int64)

    def shares(
        self, cells: Indices, east: Floats, north: Floats, radius: Floats, inside: Flags
    ) -> tuple[Floats, Flags]:
        """As `shares_by_rim`, of the cells of some numbers; each array of shape (n,)."""
        pairs = self._pairs(cells, east, north)
        rows, of = rows_of(self._first[pairs], self._first[pairs + 1])
        return shares_by_rim(self._edges[self._near[rows]], of, east, north, radius, inside)

    def _learn(self, shapes: Indices, east: Floats, north: Floats) -> None:
        rows, of = rows_of(self._begins[shapes], self._begins[shapes + 1])
        edges = self._edges[rows]
        x, y = edges[:, 0] - east[of], edges[:, 1] - north[of]
        dx, dy = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
        square = dx * dx + dy * dy
        along = np.clip(-(x * dx + y * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        # A hair more than the farthest that a disc of the square reaches.
        near = np.hypot(x + along * dx, y + along * dy) <= REACH_M + HALF_M + 0.01
        counts = np.bincount(of[near], minlength=len(shapes))
        self._near = np.concatenate([self._near, rows[near]])
        self._first = np.concatenate([self._first, self._first[-1] + np.cumsum(counts)])

    def _forget(self) -> None:
        self._near, self._first = self._near[:0], self._first[:1]
