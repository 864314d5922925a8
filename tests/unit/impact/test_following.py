# SPDX-License-Identifier: Apache-2.0
"""Which cells of a draft follow which of the plan in force, and where a verdict may differ."""

from uuid import uuid4

import pytest
import shapely

from geo.hierarchy.rules import Building
from geo.ids import Level, PlanId, WorkerId
from geo.impact.following import Following, differing, draft_grid, whereabouts
from geo.impact.people import dwellings, fate, people
from geo.impact.rules import Fate
from geo.patrol.grid import PlanGrid
from geo.plans.edits import Edit, Merge, Reassign, Rename, Split, Transfer, apply
from tests import drawing, town
from tests.town import M1, N1, N2, S1

STRIP = drawing.region((100, 200), (130, 200), (130, 300), (100, 300))
ACROSS = drawing.line((-10, 230), (110, 230))
BASE = PlanGrid(
    PlanId(uuid4()), town.SRID, [one for one in town.areas() if one.level is Level.CELL]
)
HOLDERS = {cell: town.WORKERS[name] for name, cell in town.CELLS.items()}


def after(*edits: Edit, households: dict[str, int] | None = None) -> Following:
    division = drawing.division()
    for edit in edits:
        division = apply(division, drawing.standing(), edit).division
    standing = [peopled(one, (households or {}).get(one.cell, 10)) for one in town.buildings()]
    draft = draft_grid(division, PlanId(uuid4()), town.SRID)
    return Following(division, BASE, draft, dwellings(standing, division))


def peopled(building: Building, households: int) -> Building:
    values = {**building.__dict__, "households": households}
    return Building(**values)


def with_building_of_n2() -> Transfer:
    """N1 takes most of N2, its building too."""
    return Transfer(drawing.region((100, 200), (180, 200), (180, 300), (100, 300)), N1)


def test_nothing_drawn_keeps_everything() -> None:
    follow = after()
    assert follow.kept == set(BASE.codes)
    assert follow.changed == ()
    assert {fate(follow, code) for code in BASE.codes} == {None}


@pytest.mark.parametrize(
    ("edit", "fates"),
    [
        (Transfer(STRIP, N1), {N1: Fate.RESHAPED, N2: Fate.RESHAPED}),
        (Split(N1, ACROSS), {N1: Fate.SPLIT}),
        (Merge((N1, N2)), {N1: Fate.MERGED, N2: Fate.MERGED}),
        (Reassign((N1,), "210503101002"), {N1: Fate.RECODED}),
        (Rename(N1, "新"), {}),
    ],
)
def test_what_becomes_of_a_cell(edit: Edit, fates: dict[str, Fate]) -> None:
    follow = after(edit)
    assert {code: found for code in BASE.codes if (found := fate(follow, code))} == fates


def test_a_bent_neighbour_has_kept_its_land() -> None:
    # M2 gets a new corner in its straight border; that may bend it by a unit of the grid.
    follow = after(Transfer(STRIP, N1))
    assert follow.heirs[town.M2] == (town.M2,)
    assert town.M2 in follow.kept
    assert set(follow.changed) == {N1, N2}


def test_the_holder_of_most_of_the_people_goes_on() -> None:
    follow = after(Merge((N1, N2)), households={N1: 5, N2: 30})
    (merged,) = follow.changed
    assert follow.predecessors(merged) == (N2, N1)
    assert (follow.moves(N1, merged), follow.moves(N2, merged)) == (True, False)
    found = people(follow, town.buildings(), HOLDERS)
    assert (found.buildings, found.households, found.of_another_holder) == (1, 5, 5)
    assert (found.renamed_buildings, found.renamed_households) == (1, 30)


def test_who_keeps_the_code_keeps_the_cell() -> None:
    # Most of the people of N1 come from N2 now; N1 is still of the one who holds it.
    follow = after(with_building_of_n2(), households={N2: 100})
    assert follow.predecessors(N1) == (N1,)
    found = people(follow, town.buildings(), HOLDERS)
    assert (found.buildings, found.households, found.of_another_holder) == (1, 100, 100)
    (moved,) = found.moved.items
    assert (moved.before, moved.after) == (N2, N1)
    lon, lat = town.point(150, 266)
    assert (moved.lon, moved.lat) == (pytest.approx(lon, abs=3e-4), pytest.approx(lat, abs=1e-4))
    (flow,) = found.flows.items
    assert (flow.before, flow.after, flow.buildings, flow.households) == (N2, N1, 1, 100)


def test_after_a_split_the_larger_part_goes_on_and_the_other_changes_cell() -> None:
    # The only building of N1 stands north of the line.
    follow = after(Split(N1, ACROSS))
    new = {follow.successor(N1), *follow.heirs[N1]}
    assert len(new) == 2
    north = follow.draft.cell_at(*town.point(50, 266))
    assert follow.successor(N1) == north
    assert {follow.predecessors(code) for code in follow.heirs[N1]} == {(N1,)}
    found = people(follow, town.buildings(), HOLDERS)
    assert (found.households, found.renamed_households, found.of_another_holder) == (0, 10, 0)


def test_where_nobody_holds_the_larger_cell_the_other_holder_goes_on() -> None:
    follow = after(Merge((N1, N2)), households={N1: 5, N2: 30})
    found = people(follow, town.buildings(), {N1: WorkerId(HOLDERS[N1])})
    assert found.of_another_holder == 30


def test_things_go_with_the_land() -> None:
    follow = after(Transfer(STRIP, N1), Split(S1, drawing.line((-10, 40), (110, 40))))
    places = [town.point(*at) for at in ((110, 250), (150, 250), (50, 20), (350, 250))]
    south = follow.draft.cell_at(*town.point(50, 20))
    assert south in follow.heirs[S1]
    assert follow.homes(*whereabouts(places)) == [N1, N2, south, None]


def reach(edit: Edit, *cells: str) -> shapely.Geometry | None:
    follow = after(edit)
    after_all = sorted(follow.followers(cells))
    indices = [follow.draft.index(code) for code in after_all]
    return differing(
        BASE,
        follow.draft,
        [index for code in cells if (index := BASE.index(code)) is not None],
        [index for index in indices if index is not None],
    )


def test_where_a_verdict_may_differ() -> None:
    moved = reach(Transfer(STRIP, N1), N1)
    assert moved is not None
    assert moved.area == pytest.approx(3000, rel=0.01)
    assert reach(Transfer(STRIP, N1), M1) is None
    assert reach(Reassign((N1,), "210503101002"), N1) is None
    # Of a split cell all but the larger part: whoever stays in that has the same share.
    split = reach(Split(N1, ACROSS), N1)
    assert split is not None
    assert split.area == pytest.approx(3000, rel=0.02)
    merged = reach(Merge((N1, N2)), N1)
    assert merged is not None
    assert merged.area == pytest.approx(10_000, rel=0.01)
    both = reach(Merge((N1, N2)), N1, N2)
    assert both is not None
    # Who had both has the one that is both: only what reaches the lesser half can differ.
    assert both.area == pytest.approx(10_000, rel=0.01)
