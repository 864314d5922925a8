# SPDX-License-Identifier: Apache-2.0
"""How far it is on foot, where a reader can count the metres.

     0       100      200      300 m east
200  o--------o--------o--------o   北街
     |        .                 |
     |        .                 |   西路 at 0, 东路 at 300
120  ~~~~~~~~~~~~~~~~~~~~~~~~~~~|~  a river from 100 to 120; the bridge is 东路's,
100  ~~~~~~~~~~~~~~~~~~~~~~~~~~~|~  西路 ends at its banks
     |                          |
 50  #==========================|=  a railway at 50; 西路 ends there, 东路 goes under it
  0  o--------o--------o--------o   南街
"""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metres
from geo.walking.network import Barrier, Spur, StreetNet, Ways
from tests import town

Spot = tuple[float, float]


def line(*spots: Spot) -> BaseGeometry:
    return shapely.LineString([town.point(east, north) for east, north in spots])


STREETS = (
    line((0, 200), (300, 200)),
    line((0, 0), (300, 0)),
    line((0, 200), (0, 121)),
    line((0, 99), (0, 51)),
    line((300, 0), (300, 200)),
)
RIVER = town.box(-500, 100, 500, 120)
RAILWAY = line((-500, 50), (500, 50))
NET = StreetNet(STREETS, srid=town.SRID, water=[RIVER], railways=[RAILWAY])
# A street that comes back to where it began, and one that leads there.
RING = StreetNet(
    [line((0, 0), (100, 0), (100, 100), (0, 100), (0, 0)), line((-100, 0), (0, 0))], srid=town.SRID
)
DRY = StreetNet(STREETS, srid=town.SRID)


def plane(spot: Spot) -> tuple[float, float]:
    x, y = metres(*town.point(*spot), town.SRID)
    return float(x), float(y)


def walk(a: Spot, b: Spot, *, net: StreetNet = NET, within: float = math.inf) -> float:
    """Metres on foot; infinite where there is no way."""
    there = net.spur(*plane(b))
    return math.inf if there is None else ways(a, net).metres(*plane(b), there, within=within)


def ways(start: Spot, net: StreetNet = NET) -> Ways:
    """The ways from a spot."""
    return Ways(net, *plane(start), net.spur(*plane(start)))


def path(a: Spot, b: Spot, *, net: StreetNet = NET) -> list[Spot]:
    """The way from a to b, spot by spot in plane metres."""
    return ways(b, net).path(*plane(a))


def spur(spot: Spot, *, net: StreetNet = NET) -> Spur | None:
    return net.spur(*plane(spot))


def test_along_the_streets() -> None:
    assert walk((50, 200), (300, 150)) == pytest.approx(300, abs=0.3)


def test_along_one_stretch() -> None:
    assert walk((50, 200), (90, 200)) == pytest.approx(40, abs=0.3)


def test_up_to_the_street_and_along() -> None:
    assert walk((50, 190), (200, 180)) == pytest.approx(10 + 150 + 20, abs=0.3)


def test_a_river_is_crossed_on_the_bridge() -> None:
    """From bank to bank 40 m; up 西路, along 北街 and down 东路 over the bridge."""
    assert walk((0, 130), (300, 90)) == pytest.approx(70 + 300 + 110, abs=0.3)


def test_there_is_no_way_where_no_street_leads_on() -> None:
    """The piece of 西路 between river and railway is an island."""
    assert walk((0, 130), (0, 90)) == math.inf


def test_without_a_river_the_same_two_walk_straight() -> None:
    assert walk((25, 130), (25, 90), net=DRY) == pytest.approx(40, abs=0.1)
    assert walk((25, 130), (25, 90)) == math.inf


def test_a_railway_is_crossed_on_the_underpass() -> None:
    """Both are 10 m from the railway; 南街 is 40 m behind the southern one."""
    assert walk((150, 40), (290, 60)) == pytest.approx(40 + 150 + 60 + 10, abs=0.3)


def test_nobody_hangs_on_a_street_across_the_water() -> None:
    """北街 is 75 m away across the river; 东路 on this side 140 m."""
    found = spur((160, 95))
    assert found is not None
    assert found.off_m == pytest.approx(140, abs=0.3)
    dry = spur((160, 95), net=DRY)
    assert dry is not None
    assert dry.off_m == pytest.approx(95, abs=0.3)


def test_a_fix_in_the_river_hangs_on_what_is_nearest() -> None:
    """It is a vague one from either bank, or from the bridge."""
    found = spur((295, 110))
    assert found is not None
    assert found.off_m == pytest.approx(5, abs=0.3)
    north = spur((150, 119))
    assert north is not None
    assert north.off_m == pytest.approx(81, abs=0.3)


def test_two_who_are_nearer_to_each_other_than_to_the_street() -> None:
    assert walk((150, 150), (155, 150)) == pytest.approx(5, abs=0.1)
    # Not across the river, however near.
    assert walk((200, 125), (200, 95)) > 200


def test_beyond_what_is_asked_for() -> None:
    assert walk((50, 200), (300, 150), within=299) == math.inf
    assert walk((50, 200), (300, 150), within=301) == pytest.approx(300, abs=0.3)


def test_no_street_anywhere_near() -> None:
    assert spur((20_000, 0)) is None
    nothing = StreetNet([], srid=town.SRID, water=[RIVER])
    assert not ways((0, 0), nothing).hangs


def test_parts_that_no_street_joins() -> None:
    here = ways((10, 200))
    alone, joined = spur((0, 90)), spur((10, 0))
    assert alone is not None
    assert joined is not None
    assert not here.leads_to(alone)
    assert here.leads_to(joined)


def test_what_lies_between() -> None:
    def between(a: Spot, b: Spot) -> Barrier | None:
        x, y = plane(b)
        return NET.between(*plane(a), np.array([x]), np.array([y]))[0]

    assert between((10, 130), (10, 190)) is None
    assert between((10, 10), (10, 60)) is Barrier.RAILWAY
    assert between((10, 10), (10, 190)) is Barrier.WATER


def test_streets_that_cross_meet_though_nobody_noded_them() -> None:
    cross = StreetNet([line((0, 50), (100, 50)), line((50, 0), (50, 100))], srid=town.SRID)
    assert walk((50, 90), (90, 50), net=cross) == pytest.approx(80, abs=0.3)


SPOTS = st.tuples(st.floats(-50, 350), st.floats(-50, 250))


@settings(max_examples=150, deadline=None)
@given(SPOTS, SPOTS)
# On the very edge of the railway: whoever gets there gets back.
@example((46.0, 0.0), (52.0, 50.5))
def test_never_shorter_than_the_straight_line_and_the_same_both_ways(a: Spot, b: Spot) -> None:
    there, back = walk(a, b), walk(b, a)
    straight = math.dist(plane(a), plane(b))
    assert there >= straight - 1e-6
    assert there == pytest.approx(back, abs=0.02)


def test_the_way_itself_from_spot_to_spot() -> None:
    """Down to 北街, along it and over the bridge: the corner and what 东路 crosses lie on it."""
    spots = path((200, 210), (310, 90))
    along = [(200, 210), (200, 200), (300, 200), (300, 120), (300, 100), (300, 90), (310, 90)]
    for spot, expected in zip(spots, along, strict=True):
        assert spot == pytest.approx(plane(expected), abs=0.3)
    assert path((150, 150), (155, 150)) == [plane((150, 150)), plane((155, 150))]
    assert path((0, 130), (0, 90)) == []
    assert path((20_000, 0), (0, 0)) == []


@settings(max_examples=150, deadline=None)
@given(SPOTS, SPOTS)
# The way begins at either end of the stretch that is a ring.
@example((40.0, -10.0), (40.0, 10.0))
def test_the_way_is_as_long_as_it_is_measured(a: Spot, b: Spot) -> None:
    for net in (NET, RING):
        spots, far = path(a, b, net=net), walk(b, a, net=net)
        if not spots:
            assert far == math.inf
            continue
        assert (spots[0], spots[-1]) == (plane(a), plane(b))
        assert sum(math.dist(p, q) for p, q in pairwise(spots)) == pytest.approx(far, abs=0.02)


def brute(streets: list[tuple[Spot, Spot]], a: Spot, b: Spot) -> float:
    """The shortest way by relaxing every pair until nothing changes (Floyd and Warshall)."""
    lines = [geometry_to_metres(line(*street), town.SRID) for street in streets]
    joined = shapely.get_parts(shapely.union_all(lines, grid_size=0.1))
    stops = [shapely.Point(plane(a)), shapely.Point(plane(b))]
    spots = {xy: None for one in joined for xy in (one.coords[0], one.coords[-1])}
    edges: list[tuple[Spot, Spot, float]] = []
    for stop in stops:
        near = min(joined, key=stop.distance)
        at = near.interpolate(near.project(stop))
        edges.append((stop.coords[0], at.coords[0], stop.distance(near)))
        edges += [
            (at.coords[0], end, abs(near.project(shapely.Point(end)) - near.project(stop)))
            for end in (near.coords[0], near.coords[-1])
        ]
    if (near := min(joined, key=stops[0].distance)) is min(joined, key=stops[1].distance):
        ats = [near.project(stop) for stop in stops]
        edges.append(
            (near.interpolate(ats[0]).coords[0], near.interpolate(ats[1]).coords[0],
             abs(ats[0] - ats[1]))
        )  # fmt: skip
    for one in joined:
        edges += [(p, q, math.dist(p, q)) for p, q in pairwise(one.coords)]
    names = list(spots | {end: None for edge in edges for end in edge[:2]})
    far = np.full((len(names), len(names)), math.inf)
    np.fill_diagonal(far, 0.0)
    for p, q, length in edges:
        i, j = names.index(p), names.index(q)
        far[i, j] = far[j, i] = min(far[i, j], length)
    for k in range(len(names)):
        far = np.minimum(far, far[:, k, None] + far[None, k, :])
    found = float(far[names.index(stops[0].coords[0]), names.index(stops[1].coords[0])])
    straight = stops[0].distance(stops[1])
    off = sum(min(one.distance(stop) for one in joined) for stop in stops)
    return min(found, straight) if straight <= off else found


CROSSING = st.integers(0, 4).map(lambda n: n * 60.0)
ENDS = st.tuples(CROSSING, CROSSING)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(ENDS, ENDS).filter(lambda s: s[0] != s[1]), min_size=1, max_size=8),
    st.tuples(st.floats(-20, 260), st.floats(-20, 260)),
    st.tuples(st.floats(-20, 260), st.floats(-20, 260)),
)
def test_as_far_as_trying_every_way(streets: list[tuple[Spot, Spot]], a: Spot, b: Spot) -> None:
    net = StreetNet([line(*street) for street in streets], srid=town.SRID)
    expected = brute(streets, a, b)
    assert walk(a, b, net=net) == pytest.approx(expected, abs=0.05) or _tied(net, a, b)


def _tied(net: StreetNet, a: Spot, b: Spot) -> bool:
    """Two streets equally near: either may be taken, and the way differs."""
    for spot in (a, b):
        x, y = plane(spot)
        here = shapely.Point(x, y)
        away = sorted(here.distance(shape) for shape in net.stretches)
        if len(away) > 1 and away[1] - away[0] < 0.02:
            return True
    return False


def test_cut_at_banks_and_rails_the_streets_keep_their_length() -> None:
    assert sum(NET.lengths) == pytest.approx(300 + 300 + 79 + 48 + 200, abs=0.5)
    assert len(NET.stretches) > len(STREETS)
