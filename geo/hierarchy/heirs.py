# SPDX-License-Identifier: Apache-2.0
"""Which cells go on in which when one plan follows another, whoever asks and however the plan came.

Who is on duty goes by this, and what a draft would change is foretold by it.
"""

from collections.abc import Collection, Iterable, Mapping


def heirs_of(
    came_from: Mapping[str, Iterable[str]],
    households: Mapping[tuple[str, str], int],
    retired: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """For each cell that goes on from retired ones, those: that of most of its households first.

    `came_from` has the cells that each descends from, `households` how many have come from one cell
    to another. What came from a file may name no line of descent: there the buildings do.
    """
    olds = {new: {old for old in lines if old in retired} for new, lines in came_from.items()}
    named = set().union(*olds.values())
    for old, new in households:
        if old in retired and old not in named:
            olds.setdefault(new, set()).add(old)

    def most(new: str, some: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(some, key=lambda old: (-households.get((old, new), 0), old)))

    return {new: most(new, some) for new, some in olds.items() if some}
