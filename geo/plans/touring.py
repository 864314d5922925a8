# SPDX-License-Identifier: Apache-2.0
"""How long a round past some places is."""

import numpy as np

from geo.plans.lattice import Floats


def round_m(metres: Floats) -> float:
    """The length of a closed round past all places, by the metres between them, (n, n).

    Nearest neighbour from the first place, then 2-opt until no exchange of two legs shortens it
    (G. A. Croes: A Method for Solving Traveling-Salesman Problems. Operations Research 6, 1958). No
    promise of the shortest, and a few percent above it as a rule.
    """
    count = len(metres)
    if count < 2:
        return 0.0
    order, left = [0], set(range(1, count))
    while left:
        here = order[-1]
        order.append(min(left, key=lambda other: (metres[here, other], other)))
        left.discard(order[-1])
    shorter = True
    while shorter:
        shorter = False
        for i in range(count - 1):
            for j in range(i + 2, count if i else count - 1):
                a, b, c, d = order[i], order[i + 1], order[j], order[(j + 1) % count]
                if metres[a, c] + metres[b, d] < metres[a, b] + metres[c, d] - 1e-6:
                    order[i + 1 : j + 1] = reversed(order[i + 1 : j + 1])
                    shorter = True
    return float(metres[order, np.roll(order, -1)].sum())
