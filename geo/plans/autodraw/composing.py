# SPDX-License-Identifier: Apache-2.0
"""Composing the cells of one piece of land: a first drawing, then leaps and small steps."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import shapely

from geo.plans.autodraw.atoms import Atoms
from geo.plans.autodraw.search import Drawing, Taste
from geo.plans.autodraw.trees import Trees

# Leaps for each cell, and small steps for each atom.
_LEAPS = 24
_STEPS = 80
_HEAT = 0.25
_COOL = 0.002

# What the three answers do best. Where today's cells matter, all three start from them.
FREE = (
    Taste("even", uneven=400.0),
    Taste("compact", round=1.5, border=0.3, street=0.2),
    Taste("streets", border=2.0, street=0.05, round=0.15),
)
KEPT = (
    Taste("near", moved=8.0, round=0.1, border=0.2),
    Taste("even", uneven=400.0, moved=1.0),
    Taste("compact", round=1.5, border=0.3, street=0.2, moved=1.0),
)


def composed(
    atoms: Atoms,
    cells: int,
    tastes: Sequence[Taste],
    *,
    tolerance: float,
    today: Sequence[int] | None,
    rng: Random,
    pause: Callable[[], None],
) -> list[Drawing]:
    """For each taste a drawing: labels for the atoms of a piece of land, 0 to cells - 1, all whole.

    `tolerance` is a share of the mean weight. `today` labels the atoms by today's cells, from 0;
    without it the drawings start from nothing. `pause` is called between steps, and may raise.
    """
    blank = Drawing(atoms, [0] * len(atoms.shapes), 1, tastes[0], tolerance)
    if cells == 1:
        return [blank] * len(tastes)
    mean = sum(blank.weight) / cells
    limit = max(tolerance, atoms.largest / 2 / mean)
    trees = Trees(blank, atoms.block.tolist(), atoms.bank.tolist(), mean)
    found = []
    kept: list[list[int]] = []
    if today is not None:
        kept = [_as_many(_whole(today, blank), cells, blank)]
        atoms = _at_home(atoms, today, kept[0])
    for taste in tastes:
        starts = list(kept)
        if not starts:
            starts = [_round(atoms, blank, cells, rng)]
            tree = trees.first(cells, limit, rng)
            starts += [tree] if tree else []
        for start in starts:
            labels = _as_many(_whole(start, blank), cells, blank)
            drawing = Drawing(atoms, labels, cells, taste, tolerance)
            labels = _annealed(drawing, trees, limit, _LEAPS * cells // len(starts), rng, pause)
            found.append(labels)
    # What was found for one taste may please another more.
    return [
        min(
            (Drawing(atoms, labels, cells, taste, tolerance) for labels in found),
            key=lambda drawing: drawing.cost,
        )
        for taste in tastes
    ]


def descent(atoms: Atoms, labels: Sequence[int]) -> dict[int, int]:
    """The cell of today that a label goes on as: each of either at most once, most kept first."""
    shared: dict[tuple[int, int], float] = {}
    for home, label, households in zip(atoms.home, labels, atoms.households, strict=True):
        pair = (int(home), int(label))
        shared[pair] = shared.get(pair, 0.0) + float(households) + 0.01
    found: dict[int, int] = {}
    for home, label in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if label not in found and home not in found.values():
            found[label] = home
    return found


def _at_home(atoms: Atoms, today: Sequence[int], labels: Sequence[int]) -> Atoms:
    """The atoms with the label that their cell of today goes on as for a home; -1 for none."""
    goes_on = {home: label for label, home in descent(atoms, labels).items()}
    return replace(atoms, home=np.array([goes_on.get(home, -1) for home in today]))


def _annealed(
    drawing: Drawing,
    trees: Trees,
    limit: float,
    leaps: int,
    rng: Random,
    pause: Callable[[], None],
) -> list[int]:
    """The best labels on the way while the drawing cools, and small steps from there."""
    best, least = list(drawing.labels), drawing.cost
    count = len(drawing.labels)
    for leap in range(leaps):
        pause()
        heat = _HEAT * (_COOL / _HEAT) ** (leap / leaps)
        one, other = rng.choice(drawing.pairs())
        both = drawing.members[one] | drawing.members[other]
        part = trees.halves(both, sum(drawing.weight[atom] for atom in both) / 2, limit, rng)
        drawing.try_pair(one, other, part, heat, rng)
        for _ in range(_STEPS * count // leaps):
            atom = rng.randrange(count)
            to = drawing.labels[rng.choice(drawing.touching[atom])]
            drawing.try_flip(atom, to, heat, rng)
        if drawing.cost < least:
            best, least = list(drawing.labels), drawing.cost
    drawing.take(best)
    _polished(drawing, rng)
    return drawing.labels


def _round(atoms: Atoms, blank: Drawing, cells: int, rng: Random) -> list[int]:
    """Labels by the nearest of as many centres, moved and weighted until they share the weight.

    A power diagram: F. Aurenhammer, F. Hoffmann, B. Aronov: Minkowski-Type Theorems and
    Least-Squares Clustering. Algorithmica 20 (1998). Its cells are round and even, and know neither
    streets nor barriers.
    """
    spots = shapely.get_coordinates(shapely.point_on_surface(atoms.shapes))
    weight = np.array(blank.weight) + 1e-9
    centres = spots[sorted(rng.sample(range(len(spots)), cells))]
    extra = np.zeros(cells)
    size = float(shapely.area(atoms.shapes).sum()) / cells
    for step in range(60):
        away = ((spots[:, None] - centres[None]) ** 2).sum(axis=2) - extra
        labels = away.argmin(axis=1)
        held = np.bincount(labels, weights=weight, minlength=cells)
        extra += (1 - held * cells / weight.sum()) * size * 0.3 / (1 + step / 20)
        if step % 3 == 2 and step < 45:
            for cell in np.flatnonzero(held):
                own = labels == cell
                centres[cell] = np.average(spots[own], axis=0, weights=weight[own])
    out: list[int] = labels.tolist()
    return out


def _polished(drawing: Drawing, rng: Random) -> None:
    """Small steps for the better until there is none."""
    for _ in range(20):
        moved = False
        for atom, near in enumerate(drawing.touching):
            for to in sorted({drawing.labels[other] for other in near}):
                moved |= drawing.try_flip(atom, to, 0.0, rng)
        if not moved:
            return


def _whole(today: Sequence[int], blank: Drawing) -> list[int]:
    """Today's labels with what lies apart from the most of its cell given to a neighbour."""
    labels = list(today)
    for label in sorted(set(labels)):
        parts = _parts([atom for atom, own in enumerate(labels) if own == label], blank)
        parts.sort(key=lambda part: (sum(blank.weight[atom] for atom in part), len(part)))
        for part in parts[:-1]:
            around = [
                labels[other]
                for atom in part
                for other in blank.touching[atom]
                if labels[other] != label
            ]
            if around:
                to = max(sorted(set(around)), key=around.count)
                for atom in part:
                    labels[atom] = to
    return labels


def _parts(atoms: Sequence[int], blank: Drawing) -> list[list[int]]:
    left, parts = set(atoms), []
    while left:
        part = [min(left)]
        left.discard(part[0])
        for atom in part:
            for other in blank.touching[atom]:
                if other in left:
                    left.discard(other)
                    part.append(other)
        parts.append(part)
    return parts


def _as_many(labels: list[int], cells: int, blank: Drawing) -> list[int]:
    """The labels with the heaviest cells halved or the lightest neighbours joined: `cells` of them.

    Those that stay keep their labels where these are less than `cells`.
    """
    labels = list(labels)
    while len(set(labels)) > cells:
        heavy = {own: _weight(labels, own, blank) for own in set(labels)}
        pairs = {
            (min(labels[a], labels[b]), max(labels[a], labels[b]))
            for a, near in enumerate(blank.touching)
            for b in near
            if labels[a] != labels[b]
        }
        keep, gone = min(sorted(pairs), key=lambda pair: heavy[pair[0]] + heavy[pair[1]])
        if heavy[gone] > heavy[keep]:
            keep, gone = gone, keep
        labels = [keep if own == gone else own for own in labels]
    while len(set(labels)) < cells:
        heavy = {own: _weight(labels, own, blank) for own in set(labels)}
        many = [own for own in sorted(heavy) if labels.count(own) > 1]
        wide = max(many, key=lambda own: heavy[own])
        fresh = next(n for n in range(len(labels)) if n not in heavy)
        for atom in _half([atom for atom, own in enumerate(labels) if own == wide], blank):
            labels[atom] = fresh
    names = {own: own for own in set(labels) if own < cells}
    free = iter(n for n in range(cells) if n not in names)
    for own in sorted(set(labels)):
        if own not in names:
            names[own] = next(free)
    return [names[own] for own in labels]


def _weight(labels: Sequence[int], label: int, blank: Drawing) -> float:
    return sum(blank.weight[atom] for atom, own in enumerate(labels) if own == label)


def _half(atoms: Sequence[int], blank: Drawing) -> list[int]:
    """The branch of a tree through some atoms that weighs nearest to half of them, or less."""
    before: dict[int, int] = {atoms[0]: -1}
    order = [atoms[0]]
    inside = set(atoms)
    for atom in order:
        for other in blank.touching[atom]:
            if other in inside and other not in before:
                before[other] = atom
                order.append(other)
    sums = {atom: blank.weight[atom] for atom in order}
    for atom in reversed(order[1:]):
        sums[before[atom]] += sums[atom]
    half = sums[order[0]] / 2
    top = min(order[1:], key=lambda atom: abs(sums[atom] - half))
    branch = {top}
    for atom in order:
        if before[atom] in branch:
            branch.add(atom)
    return sorted(branch)
