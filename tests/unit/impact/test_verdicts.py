# SPDX-License-Identifier: Apache-2.0
"""Judging in columns, by squares of ground and by few edges: the same as measuring every disc."""

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from geo.crs import degrees, geometry_to_degrees, metres
from geo.hierarchy.rules import Area
from geo.ids import AreaCode, Level, PlanId
from geo.impact import clearance
from geo.impact.cases import Case
from geo.impact.verdicts import Bench, Facts, Judged
from geo.patrol.grid import PlanGrid
from geo.patrol.rules import Policy
from tests import town

EAST, NORTH = metres(*town.point(0, 0), town.SRID)
POLICIES = [
    Policy(),
    replace(Policy(), version=2, inside_from=1.0, outside_up_to=0.0, least_radius_m=0.2),
]


def ground(random: np.random.Generator) -> list[BaseGeometry]:
    """A box of 300 by 200 m in four jagged cells, and a cell within one of them."""
    pieces: list[BaseGeometry] = [shapely.box(0, 0, 300, 200)]
    for across in (False, True):
        along = np.linspace(-1, 301, 24)
        swing = (100 if across else 150) + random.normal(0, 12, 24)
        corners = np.column_stack([along, swing] if across else [swing, along])
        line = shapely.LineString(np.round(corners, 1))
        pieces = [part for piece in pieces for part in split(piece, line).geoms]
    within = shapely.Point(*random.uniform(40, 80, 2)).buffer(30, quad_segs=4)
    return [piece.difference(within) for piece in pieces] + [within]


def grid_of(shapes: list[BaseGeometry]) -> PlanGrid:
    areas = [
        Area(
            code=AreaCode(f"210503101001{number:03}"),
            name=str(number),
            level=Level.CELL,
            parent=AreaCode("210503101001"),
            households=0,
            aliases=(),
            boundary=geometry_to_degrees(
                shapely.transform(shape, lambda xy: xy + np.array((EAST, NORTH))), town.SRID
            ),
        )
        for number, shape in enumerate(shapes, start=1)
    ]
    return PlanGrid(PlanId(uuid4()), town.SRID, areas)


def some_facts(random: np.random.Generator, count: int, cases: int, grid: PlanGrid) -> Facts:
    """Check-ins all over the ground; some at corners and on borders, some nowhere."""
    lon, lat = degrees(
        EAST + random.uniform(-60, 360, count), NORTH + random.uniform(-60, 260, count), town.SRID
    )
    corners = shapely.get_coordinates(grid.boundaries)
    chosen = corners[random.integers(len(corners), size=count)]
    at_corner, gone = random.random(count) < 0.1, random.random(count) < 0.02
    lon, lat = (
        np.where(gone, np.nan, np.where(at_corner, chosen[:, axis], spread))
        for axis, spread in enumerate((lon, lat))
    )
    return Facts(
        case=random.integers(cases, size=count),
        lon=lon,
        lat=lat,
        accuracy_m=np.round(random.lognormal(2, 1.2, count), 1),
        sure=random.random(count) < 0.3,
        policy=random.integers(1, 3, size=count),
        refused=random.random(count) < 0.05,
        upheld=random.random(count) < 0.05,
        to_door_m=np.where(random.random(count) < 0.1, random.uniform(0, 80, count), np.inf),
    )


def plainly(facts: Facts, grid: PlanGrid, cases: list[Case], side: str) -> Judged:
    """Each check-in measured against each of its cells, and judged by the rules as told."""
    kinds, accepted, chosen = [], [], []
    policies = {policy.version: policy for policy in POLICIES}
    for row in range(len(facts)):
        one, policy = facts.some(slice(row, row + 1)), policies[int(facts.policy[row])]
        case = cases[int(one.case[0])]
        cells = np.array(getattr(case, side), dtype=np.int64)
        factor = 1.0 if one.sure[0] else policy.accuracy_factor
        radius = max(one.accuracy_m[0] * factor, policy.least_radius_m)
        spread = (np.repeat(column, len(cells)) for column in (one.lon, one.lat, radius))
        found = grid.measure(cells, *spread)
        kind, best = 0, -1
        if len(cells):
            place = max(range(len(cells)), key=lambda at: (found.share[at], found.distance_m[at]))
            best, share = int(cells[place]), found.share[place]
            kind = 3 if share >= policy.inside_from else 1 if share <= policy.outside_up_to else 2
            if kind == 1 and one.to_door_m[0] <= policy.proof_reach_m:
                kind = 2
        counts = kind > 1 and not getattr(case, f"barred_{side}") and not one.refused[0]
        kinds.append(kind)
        accepted.append(counts or bool(one.upheld[0]))
        chosen.append(best)
    return Judged(np.array(kinds, dtype=np.int8), np.array(accepted), np.array(chosen))


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_every_verdict_is_that_of_measuring_every_disc(
    deep: bool, monkeypatch: pytest.MonkeyPatch, seed: int, forgetful: bool
) -> None:
    if forgetful:
        monkeypatch.setattr(clearance, "_MOST", 50)
    random = np.random.default_rng(seed)
    base, shapes = grid_of(ground(random)), ground(random)
    if seed % 2:
        # Drafts of files may hold cells that overlap themselves.
        shapes[0] = shapely.MultiPolygon([shapely.box(0, 0, 90, 90), shapely.box(60, 60, 150, 99)])
    draft = grid_of(shapes)
    cases = [
        Case((), ()),
        *(Case((cell,), (cell,)) for cell in range(5)),
        Case((0,), (0, 1)),
        Case((1, 2, 4), (2, 4)),
        Case((3,), (3,), barred_before=True),
        Case((2,), (), barred_after=True),
    ]
    bench = Bench(base, draft, cases, POLICIES)
    for _ in range(8 if deep else 2):
        facts = some_facts(random, 1500, len(cases), base)
        found = bench.differences(facts)
        before, after = (
            plainly(facts, grid, cases, side) for grid, side in ((base, "before"), (draft, "after"))
        )
        differ = (before.kind != after.kind) | (before.accepted != after.accepted)
        differ &= np.isfinite(facts.lon)
        assert sorted(found.at.tolist()) == np.flatnonzero(differ).tolist()
        assert 100 < len(found.at) < found.near
        for told, plain in ((found.before, before), (found.after, after)):
            assert told.kind.tolist() == plain.kind[found.at].tolist()
            assert told.accepted.tolist() == plain.accepted[found.at].tolist()
            assert told.cell.tolist() == plain.cell[found.at].tolist()
