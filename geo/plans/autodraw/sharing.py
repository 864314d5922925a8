# SPDX-License-Identifier: Apache-2.0
"""How many cells each community gets, and each part of one that lies apart."""

from collections.abc import Mapping


def shares(weights: Mapping[str, float], total: int, least: Mapping[str, int]) -> dict[str, int]:
    """A number for each, `total` together, as near to its share as whole numbers are.

    Webster's method: the next one always goes to whom it leaves nearest to the mean. Nobody gets
    less than his `least`; the caller sees to it that these are not more than `total`.
    """
    given = dict(least)
    for _ in range(total - sum(given.values())):
        to = max(sorted(weights), key=lambda own: weights[own] / (given[own] + 0.5))
        given[to] += 1
    return given
