# SPDX-License-Identifier: Apache-2.0
"""First drawings and great leaps, by spanning trees: gerrychain's recursive partition and ReCom.

D. DeFord, M. Duchin, J. Solomon: Recombination: A Family of Markov Chains for Redistricting.
Harvard Data Science Review 3.1 (2021). A random spanning tree of two cells together is cut where
both halves weigh as they should. Edges across a barrier or a street are dearer, so that the tree
crosses few of them and is cut there first.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import cast

from geo.plans.autodraw.search import Drawing

# What an edge between blocks, and one across a barrier, costs beside a random 0 to 1.
_SURCHARGE = {"block": 0.6, "bank": 2.0}
# So many trees are drawn for one cut before it is given up.
_TREES = 40
# The deviations a first drawing is tried with, in tolerances.
_LOOSER = (1.0, 2.0, 4.0, 8.0)


class Trees:
    """The atoms of a piece of land as a graph that trees are drawn in."""

    def __init__(
        self, drawing: Drawing, block: Sequence[int], bank: Sequence[int], mean: float
    ) -> None:
        """Blocks and banks of the atoms of a drawing, and what a cell is to weigh."""
        # Half a second or two to import, and only those who draw need it.
        import networkx
        from gerrychain import Graph

        graph = networkx.Graph()
        for atom, weight in enumerate(drawing.weight):
            graph.add_node(atom, weight=weight, block=block[atom], bank=bank[atom])
        for atom, near in enumerate(drawing.touching):
            graph.add_edges_from((atom, other) for other in near)
        self._graph = Graph.from_networkx(graph).convert_from_nx_to_rx()
        self._mean = mean

    def first(self, cells: int, tolerance: float, rng: Random) -> list[int] | None:
        """A label for each atom, if trees find one that is anywhere near balance."""
        from gerrychain.partition import initial_partition_generators
        from gerrychain.tree import bipartition_tree

        cut = partial(bipartition_tree, max_attempts=_TREES, region_surcharge=_SURCHARGE)
        for looser in _LOOSER:
            with _no_luck():
                labels = initial_partition_generators.recursive_tree_part(
                    self._graph,
                    range(cells),
                    self._mean,
                    "weight",
                    min(tolerance * looser, 0.9),
                    bipartition_tree_fn=cut,
                    rng=rng,
                )
                return [cast(int, labels[atom]) for atom in range(len(labels))]
        return None

    def halves(self, atoms: set[int], target: float, tolerance: float, rng: Random) -> set[int]:
        """Part of the atoms, whole as is the rest, that weighs about `target`; empty if none."""
        from gerrychain.tree import bipartition_tree

        with _no_luck():
            found = bipartition_tree(
                self._graph.subgraph(sorted(atoms)),
                "weight",
                target,
                tolerance,
                region_surcharge=_SURCHARGE,
                max_attempts=4,
                rng=rng,
            )
            return {cast(int, atom) for atom in found}
        return set()


@contextlib.contextmanager
def _no_luck() -> Iterator[None]:
    """What gerrychain raises where no tree can be cut in balance is no answer, and no more."""
    from gerrychain.tree import BalanceError, PopulationBalanceError

    with contextlib.suppress(BalanceError, PopulationBalanceError, RuntimeError):
        yield
