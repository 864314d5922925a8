# SPDX-License-Identifier: Apache-2.0
"""Which cells go on in which: by descent, else by who lives there."""

from geo.hierarchy.heirs import heirs_of


def test_a_cell_goes_on_from_the_retired_ones_it_descends_from_the_most_people_first() -> None:
    came_from = {"new": ["a", "b", "stays"], "other": ["b"], "stays": []}
    households = {("a", "new"): 3, ("b", "new"): 20, ("b", "other"): 1, ("stays", "new"): 50}
    found = heirs_of(came_from, households, {"a", "b"})
    assert found == {"new": ("b", "a"), "other": ("b",)}


def test_where_no_descent_is_named_the_buildings_tell() -> None:
    households = {("a", "new"): 3, ("a", "stays"): 4, ("b", "stays"): 2, ("c", "new"): 9}
    # Of b a descendant is named, and c is not retired.
    assert heirs_of({"named": ["b"]}, households, {"a", "b"}) == {
        "named": ("b",),
        "new": ("a",),
        "stays": ("a",),
    }
    assert heirs_of({}, {}, {"a"}) == {}
