# SPDX-License-Identifier: Apache-2.0
"""Check-in evidence, policy and verdict: a pure function that always gives its reasons."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import shapely

from geo.crs import Fix, Point, System, metres, to_wgs84
from geo.ids import CellCode, CheckpointId
from geo.patrol.grid import Cell, PlanGrid
from geo.units import Metres


class VerdictKind(StrEnum):
    """Where a check-in lies as to its cell, given the error of the fix."""

    INSIDE = "inside"
    UNCERTAIN = "uncertain"
    OUTSIDE = "outside"


# No phone is better than this under open sky, whatever it claims.
LEAST_RADIUS = Metres(3.0)
# An accuracy of 100 m at 68 %: beyond it a fix says nothing about a cell of a city.
MOST_RADIUS = Metres(162.0)


@dataclass(frozen=True)
class Policy:
    """What a district's verdicts are judged by. Data: versioned, with dates.

    Defaults are those of the contract. `accuracy_factor` turns a 68 % accuracy into the 95 % radius
    of the disc: 1.62, the ratio of the two quantiles of a Rayleigh distributed error.
    """

    version: int = 1
    inside_from: float = 0.90
    outside_up_to: float = 0.10
    accuracy_factor: float = 1.62
    least_radius_m: Metres = LEAST_RADIUS
    most_radius_m: Metres = MOST_RADIUS
    late_after: timedelta = timedelta(hours=72)
    offline_after: timedelta = timedelta(minutes=10)
    ahead_up_to: timedelta = timedelta(seconds=120)

    def radius_95(self, fix: Fix) -> Metres:
        """The 95 % radius of a fix, never below the least error anything can have."""
        claimed = fix.accuracy_m * (1.0 if fix.source in SAYS_95 else self.accuracy_factor)
        return Metres(max(claimed, self.least_radius_m))


# What a source's accuracy means. 68 %: Android `Location.getAccuracy` (documented as the radius of
# 68 % confidence); browsers pass the platform's on though the W3C text says 95 %; WeChat, OwnTracks
# `acc` and Traccar Client's `accuracy` are the platform's, too. 95 %: gpsd `eph`.
SAYS_95 = frozenset({"gpsd"})


@dataclass(frozen=True)
class CheckpointSite:
    """A fixed point of a cell. Longitude and latitude in WGS-84 degrees."""

    id: CheckpointId
    cell: CellCode
    code: str
    name: str
    lon: float
    lat: float
    radius_m: Metres


@dataclass(frozen=True)
class Evidence:
    """What a check-in is judged on; everything by its state at the moment of observation."""

    fix: Fix
    grid: PlanGrid
    assigned: tuple[CellCode, ...]
    checkpoint: CheckpointSite | None
    on_duty: bool
    waited: timedelta
    """From observation to receipt."""


@dataclass(frozen=True)
class Verdict:
    """How a check-in was judged, and why. `reasons` and `doubts` are codes with their fields."""

    cell: CellCode | None
    kind: VerdictKind | None
    accepted: bool
    share_inside: float | None
    distance_to_border_m: Metres | None
    distance_to_checkpoint_m: Metres | None
    located_cell: CellCode | None
    reasons: tuple[dict[str, Any], ...]
    doubts: tuple[dict[str, Any], ...]


def check_in_verdict(evidence: Evidence, policy: Policy) -> Verdict:
    """Judge a check-in: the share of its error disc in the cell it should be in.

    The cell is the checkpoint's; else, of the assigned ones, the one with the largest share.
    Accepted: not declared mock, on duty, accurate enough, at its checkpoint if it names one, and
    not outside. Pure: the same evidence and policy give the same verdict.
    """
    fix, grid = evidence.fix, evidence.grid
    east, north = metres(*to_wgs84(fix), grid.srid)
    radius = policy.radius_95(fix)
    located = grid.locate(east, north)
    cell = _judged_cell(evidence, east, north, radius)
    reasons: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    kind = share = border = None
    if cell is None:
        refusals.append({"code": "assignment.none"})
    else:
        share = cell.share(east, north, radius)
        border = cell.distance_to_border(east, north)
        kind = _kind(share, policy)
        where = {
            "code": f"cell.{kind.value}",
            "cell": cell.code,
            "located_cell": located,
            "distance_m": round(abs(border), 1),
            "share_inside": round(share, 3),
        }
        (refusals if kind is VerdictKind.OUTSIDE else reasons).append(where)
    to_checkpoint = _checkpoint(evidence, east, north, radius, reasons, refusals)
    if fix.mock:
        refusals.append({"code": "mock.declared"})
    if not evidence.on_duty:
        refusals.append({"code": "duty.off"})
    if radius > policy.most_radius_m:
        limit = round(policy.most_radius_m, 1)
        refusals.append(
            {"code": "accuracy.too_vague", "radius_m": round(radius, 1), "limit_m": limit}
        )
    if cell is not None and kind is not VerdictKind.INSIDE:
        hypothesis = suspected_system(fix, cell, radius, grid.srid, policy)
        if hypothesis is not None:
            reasons.append({"code": "system.suspected", "hypothesis": hypothesis})
    return Verdict(
        cell=None if cell is None else cell.code,
        kind=kind,
        accepted=not refusals,
        share_inside=share,
        distance_to_border_m=border,
        distance_to_checkpoint_m=to_checkpoint,
        located_cell=located,
        reasons=(*refusals, *reasons),
        doubts=_doubts(evidence, policy),
    )


def suspected_system(fix: Fix, cell: Cell, radius: Metres, srid: int, policy: Policy) -> str | None:
    """The one other reading of a fix that would put it inside the cell; None for none or several.

    Tried: GCJ-02, BD-09, and longitude and latitude swapped.
    """
    readings = {
        "gcj02": Point(fix.lon, fix.lat, System.GCJ02),
        "bd09": Point(fix.lon, fix.lat, System.BD09),
        "swapped": Point(fix.lat, fix.lon, fix.system),
    }
    inside = [
        name
        for name, reading in readings.items()
        if not (name == fix.system or abs(reading.lat) > 90)
        and cell.share(*metres(*to_wgs84(reading), srid), radius) >= policy.inside_from
    ]
    return inside[0] if len(inside) == 1 else None


def _judged_cell(evidence: Evidence, east: float, north: float, radius: Metres) -> Cell | None:
    grid = evidence.grid
    if evidence.checkpoint is not None:
        return grid.cell(evidence.checkpoint.cell)
    cells = [cell for code in evidence.assigned if (cell := grid.cell(code)) is not None]
    # Where no disc reaches any of them, the nearest one is meant.
    return max(
        cells,
        key=lambda cell: (
            cell.share(east, north, radius),
            cell.distance_to_border(east, north),
        ),
        default=None,
    )


def _kind(share: float, policy: Policy) -> VerdictKind:
    if share >= policy.inside_from:
        return VerdictKind.INSIDE
    return VerdictKind.OUTSIDE if share <= policy.outside_up_to else VerdictKind.UNCERTAIN


def _checkpoint(
    evidence: Evidence,
    east: float,
    north: float,
    radius: Metres,
    reasons: list[dict[str, Any]],
    refusals: list[dict[str, Any]],
) -> Metres | None:
    """Distance to the checkpoint; reached when the error can account for what lies beyond it."""
    checkpoint = evidence.checkpoint
    if checkpoint is None:
        return None
    there = metres(checkpoint.lon, checkpoint.lat, evidence.grid.srid)
    distance = float(shapely.distance(shapely.Point(east, north), shapely.Point(*there)))
    said = {
        "checkpoint": str(checkpoint.id),
        "name": checkpoint.name,
        "distance_m": round(distance, 1),
        "radius_m": checkpoint.radius_m,
    }
    if checkpoint.cell not in evidence.assigned:
        refusals.append({"code": "checkpoint.not_assigned", **said})
    if distance <= checkpoint.radius_m + radius:
        reasons.append({"code": "checkpoint.reached", **said})
    else:
        refusals.append({"code": "checkpoint.not_reached", **said})
    return Metres(distance)


def _doubts(evidence: Evidence, policy: Policy) -> tuple[dict[str, Any], ...]:
    if evidence.waited > policy.offline_after:
        waited_s = round(evidence.waited.total_seconds())
        return ({"code": "delivery.late", "waited_s": waited_s},)
    return ()
