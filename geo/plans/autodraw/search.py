# SPDX-License-Identifier: Apache-2.0
"""Which atoms make which cell: a drawing in progress, and what it is worth. Numbers and metres.

A drawing is a label for each atom. Its cost is the sum of the cost of its cells, so that a step
that touches two cells is weighed by those two alone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from geo.plans.autodraw.atoms import Atoms

# Land without households counts so many of them where today's cells matter: it stays, if it can.
_EMPTY = 0.5


@dataclass(frozen=True)
class Taste:
    """What a drawing is to be good at. Each number is the price of one whole of its kind.

    `excess` is for weight beyond the tolerance (share of the mean, squared), `beyond` for what is
    more than half the largest building too, with a step of a tenth, `uneven` for any deviation
    (squared). `border` is for inner border, in diameters of a mean cell, where it runs through a
    block; `street` the same where it runs along a street. `round` is for perimeter: the inverse of
    Polsby-Popper. `moved` is for the share of a cell's households that change it, `over` for each
    further bank a cell has buildings on.
    """

    style: str
    excess: float = 300.0
    beyond: float = 300.0
    uneven: float = 4.0
    border: float = 0.5
    street: float = 0.1
    round: float = 0.3
    moved: float = 0.0
    over: float = 6.0


class Drawing:
    """A label for each atom, with the sums of each label kept up to date."""

    def __init__(
        self, atoms: Atoms, labels: Sequence[int], cells: int, taste: Taste, tolerance: float
    ) -> None:
        """Labels are 0 to cells - 1, each with at least one atom.

        `tolerance` is a share of the mean. Where today's cells matter, label n is cell n of today.
        """
        self.taste = taste
        self.cells = cells
        self.labels = list(labels)
        self.weight: list[float] = atoms.weight.tolist()
        if not any(self.weight):
            # Land without buildings is divided by its size.
            self.weight = [shape.area for shape in atoms.shapes]
        self.mean = sum(self.weight) / cells
        self.tolerance = tolerance
        self.limit = max(tolerance, atoms.largest / 2 / self.mean)
        self._households: list[float] = atoms.households.tolist()
        self._home: list[int] = atoms.home.tolist()
        self._bank: list[int] = atoms.bank.tolist()
        self._built = [weight > 0 for weight in atoms.weight.tolist()]
        self._area = [float(shape.area) for shape in atoms.shapes]
        self._outer: list[float] = atoms.outer_m.tolist()
        self.near: list[list[tuple[int, float, float]]] = [[] for _ in self.labels]
        for (one, other), long, through in zip(
            atoms.border.tolist(), atoms.length_m.tolist(), atoms.through_m.tolist(), strict=True
        ):
            self.near[one].append((other, long, through))
            self.near[other].append((one, long, through))
        self.touching = _touching(self.near)
        self._size = math.sqrt(sum(self._area) / cells)
        self._all = max(sum(self._households) / cells, 1.0)
        self.members: list[set[int]] = []
        self._price: list[float] = []
        self.take(labels)

    def take(self, labels: Sequence[int]) -> None:
        """Begin anew from other labels."""
        self.labels = list(labels)
        self.members = [set() for _ in range(self.cells)]
        for atom, label in enumerate(self.labels):
            self.members[label].add(atom)
        self._price = [self._priced(label, own) for label, own in enumerate(self.members)]

    @property
    def cost(self) -> float:
        """What the whole drawing costs."""
        return sum(self._price)

    def try_flip(self, atom: int, to: int, heat: float, rng: Random) -> bool:
        """Give an atom to the cell of a neighbour, if that is cheaper or `heat` allows for it."""
        since = self.labels[atom]
        if since == to or len(self.members[since]) < 2 or not self._stays_whole(atom):
            return False
        return self._try({since: self.members[since] - {atom}, to: self.members[to] | {atom}},
                         heat, rng)  # fmt: skip

    def try_pair(self, one: int, other: int, part: Iterable[int], heat: float, rng: Random) -> bool:
        """Divide two cells anew: `part` becomes one of them, whichever suits better."""
        part = set(part)
        rest = (self.members[one] | self.members[other]) - part
        if not part or not rest:
            return False
        if self._overlap(part, one) + self._overlap(rest, other) < (
            self._overlap(part, other) + self._overlap(rest, one)
        ):
            part, rest = rest, part
        return self._try({one: part, other: rest}, heat, rng)

    def deviations(self) -> list[float]:
        """The deviation of each cell from the mean weight, as a share of it."""
        return [sum(self.weight[atom] for atom in own) / self.mean - 1 for own in self.members]

    def borders(self, own: set[int]) -> tuple[float, float, int]:
        """Of a cell: the metres of its inner border, those through blocks, the banks it is on."""
        ways = [each for atom in own for each in self.near[atom] if each[0] not in own]
        banks = {self._bank[atom] for atom in own if self._built[atom]}
        return sum(each[1] for each in ways), sum(each[2] for each in ways), len(banks)

    def pairs(self) -> list[tuple[int, int]]:
        """Each two cells that touch."""
        found = {
            (min(mine, self.labels[other]), max(mine, self.labels[other]))
            for atom, mine in enumerate(self.labels)
            for other in self.touching[atom]
            if self.labels[other] != mine
        }
        return sorted(found)

    def _overlap(self, part: set[int], label: int) -> float:
        return sum(self._households[a] + _EMPTY for a in part if self._home[a] == label)

    def _try(self, after: dict[int, set[int]], heat: float, rng: Random) -> bool:
        prices = {label: self._priced(label, own) for label, own in after.items()}
        more = sum(prices.values()) - sum(self._price[label] for label in prices)
        if more > 0 and (heat <= 0 or rng.random() >= math.exp(-more / heat)):
            return False
        for label, own in after.items():
            self.members[label] = own
            self._price[label] = prices[label]
            for atom in own:
                self.labels[atom] = label
        return True

    def _priced(self, label: int, own: set[int]) -> float:
        taste = self.taste
        weight = area = around = inner = blocks = moved = 0.0
        banks = set()
        for atom in own:
            weight += self.weight[atom]
            area += self._area[atom]
            around += self._outer[atom]
            if self._home[atom] != label:
                moved += self._households[atom] + _EMPTY
            if self._built[atom]:
                banks.add(self._bank[atom])
            for other, long, through in self.near[atom]:
                if other not in own:
                    inner += long
                    blocks += through
        off = weight / self.mean - 1
        excess = max(0.0, abs(off) - self.tolerance)
        beyond = max(0.0, abs(off) - self.limit)
        around += inner
        cost: float = (
            taste.excess * excess * excess
            + (taste.beyond * (0.1 + beyond) ** 2 if beyond > 1e-9 else 0.0)
            + taste.uneven * off * off
            + (taste.border * blocks + taste.street * (inner - blocks)) / self._size
            + taste.round * around * around / (4 * math.pi * area)
            + taste.moved * moved / self._all
            + taste.over * max(0, len(banks) - 1)
        )
        return cost

    def _stays_whole(self, atom: int) -> bool:
        """Whether the cell of an atom hangs together without it."""
        own = self.members[self.labels[atom]]
        ends = [other for other in self.touching[atom] if other in own]
        if len(ends) < 2:
            return len(ends) == 1
        wanted, seen, waiting = set(ends[1:]), {atom, ends[0]}, [ends[0]]
        while waiting and wanted:
            for other in self.touching[waiting.pop()]:
                if other in own and other not in seen:
                    seen.add(other)
                    wanted.discard(other)
                    waiting.append(other)
        return not wanted


def _touching(near: Sequence[Sequence[tuple[int, float, float]]]) -> list[list[int]]:
    """The neighbours of each atom that a cell may hang together by: not by a corner, if need be."""
    least = 3.0
    joined: list[list[int]] = [[o for o, long, _ in own if long >= least] for own in near]
    for atom, own in enumerate(near):
        if not joined[atom] and own:
            best = max(own, key=lambda each: each[1])[0]
            joined[atom].append(best)
            joined[best].append(atom)
    return joined if _whole(joined) else [[other for other, _, _ in own] for own in near]


def _whole(joined: Sequence[Sequence[int]]) -> bool:
    seen, waiting = {0}, [0]
    while waiting:
        for other in joined[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return len(seen) == len(joined)
