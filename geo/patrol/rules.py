# SPDX-License-Identifier: Apache-2.0
"""Check-in evidence, policy and verdict: a pure function that always gives its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from geo.accuracy import level_of_source
from geo.crs import Fix, Mistake, Point, PointOutOfRange, as_meant, read_as, to_wgs84_many
from geo.ids import CellCode, CheckpointId
from geo.patrol.grid import Cell, PlanGrid, Spot
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

    def as_fields(self) -> dict[str, Any]:
        """JSON values; durations in seconds."""
        return {
            name: value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_fields(cls, said: Mapping[str, Any]) -> "Policy":
        """A policy from what `as_fields` made; a field it does not name keeps its default."""
        values: dict[str, Any] = {
            field.name: timedelta(seconds=said[field.name])
            if isinstance(field.default, timedelta)
            else said[field.name]
            for field in fields(cls)
            if field.name in said
        }
        return cls(**values)

    def radius_95(self, fix: Fix) -> Metres:
        """The 95 % radius of a fix, never below the least error anything can have."""
        level = fix.accuracy_level or level_of_source(fix.source)
        claimed = fix.accuracy_m * (1.0 if level >= 0.95 else self.accuracy_factor)
        return Metres(max(claimed, self.least_radius_m))


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
class Readings:
    """WGS-84 degrees of a fix as it was said, and as it would be were it said in another way.

    Tried: every `crs.Mistake`; those that change nothing or are not on the Earth are absent.
    """

    said: tuple[float, float]
    otherwise: Mapping[str, tuple[float, float]]


def readings_of(fixes: Sequence[Fix]) -> list[Readings | None]:
    """Every reading of each fix, many at once; None for a fix that is not on the Earth."""
    meant = [as_meant(fix) for fix in fixes]
    places = _places(meant)
    otherwise: list[dict[str, tuple[float, float]]] = [{} for _ in fixes]
    for mistake in Mistake:
        others = _places([read_as(point, mistake) for point in meant])
        for point, said, place, found in zip(meant, places, others, otherwise, strict=True):
            if place is not None and place != said and point.system != mistake.value:
                found[mistake.value] = place
    return [
        None if place is None else Readings(place, found)
        for place, found in zip(places, otherwise, strict=True)
    ]


def _places(points: Sequence[Point]) -> list[tuple[float, float] | None]:
    lon, lat = to_wgs84_many(points)
    return [
        (x, y) if abs(x) <= 180 and abs(y) <= 90 else None
        for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
    ]


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
    checkpoint_retired: bool = False
    proof_given: bool = False
    clock_ahead: timedelta = timedelta(0)
    """How much the phone's clock ran ahead, taken off the instant of observation."""
    readings: "Readings | None" = None
    """The fix as read in each system, when a batch has worked them out at once."""


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

    Raises: PointOutOfRange.
    """
    fix, grid = evidence.fix, evidence.grid
    readings = evidence.readings or readings_of([fix])[0]
    if readings is None:
        raise PointOutOfRange(lon=fix.lon, lat=fix.lat)
    spot = grid.spot(*readings.said)
    radius = policy.radius_95(fix)
    located = grid.locate(spot)
    cell = _judged_cell(evidence, spot, radius)
    reasons: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    kind = share = border = None
    if cell is None:
        refusals.append({"code": "assignment.none"})
    else:
        share = cell.share(spot, radius)
        border = cell.distance_to_border(spot)
        kind = _kind(share, policy)
        where = {
            "code": f"cell.{kind.value}",
            "cell": cell.code,
            "located_cell": located,
            "distance_m": None if border is None else round(abs(border), 1),
            "share_inside": round(share, 3),
        }
        (refusals if kind is VerdictKind.OUTSIDE else reasons).append(where)
    to_checkpoint = _checkpoint(evidence, spot, radius, reasons, refusals)
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
        hypothesis = suspected_system(readings, cell, radius, grid, policy)
        if hypothesis is not None:
            reasons.append({"code": "system.suspected", "hypothesis": hypothesis})
    if evidence.proof_given:
        # Neither for nor against: the checkpoint asks for none.
        reasons.append({"code": "proof.not_asked"})
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


def suspected_system(
    readings: Readings, cell: Cell, radius: Metres, grid: PlanGrid, policy: Policy
) -> str | None:
    """The one other reading of a fix that would put it inside; None for none or several."""
    inside = [
        name
        for name, place in readings.otherwise.items()
        if cell.share(grid.spot(*place), radius) >= policy.inside_from
    ]
    return inside[0] if len(inside) == 1 else None


def _judged_cell(evidence: Evidence, spot: Spot, radius: Metres) -> Cell | None:
    grid = evidence.grid
    if evidence.checkpoint is not None and evidence.assigned:
        return grid.cell(evidence.checkpoint.cell)
    cells = [cell for code in evidence.assigned if (cell := grid.cell(code)) is not None]
    # Where no disc reaches any of them, the nearest one is meant.
    return max(
        cells,
        key=lambda cell: (cell.share(spot, radius), cell.distance_to_border(spot) or 0.0),
        default=None,
    )


def _kind(share: float, policy: Policy) -> VerdictKind:
    if share >= policy.inside_from:
        return VerdictKind.INSIDE
    return VerdictKind.OUTSIDE if share <= policy.outside_up_to else VerdictKind.UNCERTAIN


def _checkpoint(
    evidence: Evidence,
    spot: Spot,
    radius: Metres,
    reasons: list[dict[str, Any]],
    refusals: list[dict[str, Any]],
) -> Metres | None:
    """Distance to the checkpoint; reached when the error can account for what lies beyond it."""
    checkpoint = evidence.checkpoint
    if checkpoint is None:
        return None
    distance = spot.distance_to(evidence.grid.spot(checkpoint.lon, checkpoint.lat))
    said = {
        "checkpoint": str(checkpoint.id),
        "name": checkpoint.name,
        "distance_m": None if distance is None else round(distance, 1),
        "radius_m": checkpoint.radius_m,
    }
    if evidence.assigned and checkpoint.cell not in evidence.assigned:
        refusals.append({"code": "checkpoint.not_assigned", **said})
    if evidence.checkpoint_retired:
        refusals.append({"code": "checkpoint.was_retired", **said})
    if distance is not None and distance <= checkpoint.radius_m + radius:
        reasons.append({"code": "checkpoint.reached", **said})
    else:
        refusals.append({"code": "checkpoint.not_reached", **said})
    return distance


def _doubts(evidence: Evidence, policy: Policy) -> tuple[dict[str, Any], ...]:
    doubts: list[dict[str, Any]] = []
    if evidence.waited > policy.offline_after:
        waited_s = round(evidence.waited.total_seconds())
        doubts.append({"code": "delivery.late", "waited_s": waited_s})
    if evidence.clock_ahead:
        ahead_s = round(evidence.clock_ahead.total_seconds())
        doubts.append({"code": "clock.corrected", "ahead_s": ahead_s})
    return tuple(doubts)
