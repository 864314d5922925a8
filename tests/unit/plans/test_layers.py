# SPDX-License-Identifier: Apache-2.0
"""Mappings and places of which each version changes a few, beside a plain copy of everything."""

import pickle

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.plans.layers import Layered, differing
from geo.plans.whereabouts import Whereabouts

KEYS = st.sampled_from([f"k{number}" for number in range(12)])
STEPS = st.lists(st.tuples(st.dictionaries(KEYS, st.integers(0, 9)), st.sets(KEYS)), max_size=8)


@settings(max_examples=60, deadline=None, database=None)
@given(STEPS, STEPS)
def test_layers_are_what_a_copy_would_be(one: list, other: list) -> None:  # type: ignore[type-arg]
    first = Layered({f"k{number}": object() for number in range(8)})
    ends = []
    for steps in (one, other):
        now, copy = first, dict(first)
        for changed, removed in steps:
            values = {key: object() for key in changed}
            now = now.exchanged(values, removed - changed.keys())
            copy = {key: copy[key] for key in copy if key not in removed} | values
            assert dict(now) == copy
            assert len(now) == len(copy)
            assert all((key in now) == (key in copy) for key in (*copy, *removed))
        ends.append((now, copy))
    (a, plain_a), (b, plain_b) = ends
    assert differing(a, b) == differing(plain_a, plain_b)
    assert differing(first, b) == differing(dict(first), plain_b)


def test_many_changes_become_a_base_of_their_own() -> None:
    now = Layered({f"{number}": number for number in range(1000)})
    for number in range(600):
        now = now.exchanged({f"{number}": -number}, [f"{number + 300}"] if number < 100 else [])
    assert len(now) == 1000
    assert now["599"] == -599
    assert differing(Layered({}), now) == {f"{number}" for number in range(1000)}
    assert pickle.loads(pickle.dumps(now)) == now


def test_places_follow_what_moves() -> None:
    def square(number: int, up: int) -> shapely.Polygon:
        return shapely.box(number * 10, up, number * 10 + 9, up + 9)

    now = {f"{number:04d}": square(number, 0) for number in range(2000)}
    places = Whereabouts.of(now)
    for number in range(1500):
        now[f"{number:04d}"] = square(number, 100)
        places = places.after({f"{number:04d}": now[f"{number:04d}"]})
    gone = now.pop("0003")
    assert gone is not None
    assert places.within((0, 0, 100, 5), now.get) == []
    assert places.within((0, 100, 55, 105), now.get) == ["0000", "0001", "0002", "0004", "0005"]
    assert places.within((15_000, 0, 15_015, 5), now.get) == ["1500", "1501"]
