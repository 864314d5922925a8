# SPDX-License-Identifier: Apache-2.0
"""Check-in evidence, policy and verdict: a pure function that always gives its reasons."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from geo.accuracy import level_of_source
from geo.crs import Fix, Mistake, PointOutOfRange, as_meant, metres, read_as, to_wgs84_many
from geo.ids import CellCode, CheckpointId
from geo.patrol.disc import Floats, Indices
from geo.patrol.grid import PlanGrid
from geo.patrol.proofs import ProofState
from geo.units import Metres
from geo.values import value


class VerdictKind(StrEnum):
    """Where a check-in lies as to its cell, given the error of the fix."""

    INSIDE = "inside"
    UNCERTAIN = "uncertain"
    OUTSIDE = "outside"


# No phone is better than this under open sky, whatever it claims.
LEAST_RADIUS = Metres(3.0)
# An accuracy of 100 m at 68 %: beyond it a fix says nothing about a cell of a city.
MOST_RADIUS = Metres(162.0)
PROOF_REACH = Metres(300.0)


@dataclass(frozen=True)
class Policy:
    """What a district's verdicts are judged by. Data: versioned, with dates.

    Defaults are those of the contract. `accuracy_factor` turns a 68 % accuracy into the 95 % radius
    of the disc: 1.62, the ratio of the two quantiles of a Rayleigh distributed error.
    `proof_reach_m` is how far from a checkpoint a fix may lie while a valid code from its door
    speaks for it: walls bend a fix by a block, never by kilometres.
    """

    version: int = 1
    inside_from: float = 0.90
    outside_up_to: float = 0.10
    accuracy_factor: float = 1.62
    least_radius_m: Metres = LEAST_RADIUS
    most_radius_m: Metres = MOST_RADIUS
    late_after: timedelta = timedelta(hours=72)
    offline_after: timedelta = timedelta(minutes=10)
    # What is doubted, see doubts.py: the speed of a car on a motorway, and how hard it brakes.
    fastest_mps: float = 33.0
    hardest_mps2: float = 4.0
    apart_from_m: float = 50.0
    still_for: timedelta = timedelta(minutes=20)
    still_fixes: int = 12
    still_visits: int = 4
    standing_checkpoints: int = 3
    replay_for: timedelta = timedelta(minutes=10)
    replay_within_m: float = 2.5
    doubt_reach: timedelta = timedelta(minutes=10)
    proof_reach_m: Metres = PROOF_REACH

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


@value
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
    proof: ProofState | None = None
    """What the code read off the door is worth; None where none is asked for and none was read."""
    clock_ahead: timedelta = timedelta(0)
    """How much the phone's clock ran ahead (negative: behind), taken off the observation."""

    @property
    def cell_of_checkpoint(self) -> CellCode | None:
        """The cell of this grid that holds the checkpoint, whatever plan it is listed by."""
        if self.checkpoint is None:
            return None
        held = self.grid.cell_of_site(self.checkpoint.lon, self.checkpoint.lat)
        return held or self.checkpoint.cell


@value
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
    return check_in_verdicts([evidence], [policy])[0]


def check_in_verdicts(evidences: Sequence[Evidence], policies: Sequence[Policy]) -> list[Verdict]:
    """`check_in_verdict` of many at once; geometry is done in arrays, plan by plan.

    Raises: PointOutOfRange.
    """
    by_grid: dict[int, list[int]] = {}
    for place, evidence in enumerate(evidences):
        by_grid.setdefault(id(evidence.grid), []).append(place)
    verdicts: dict[int, Verdict] = {}
    for places in by_grid.values():
        some = [evidences[place] for place in places]
        judged = _judged(some, [policies[place] for place in places])
        verdicts.update(zip(places, judged, strict=True))
    return [verdicts[place] for place in range(len(evidences))]


@value
class _Lie:
    """How a fix lies: in metres, all but the share; None where that cannot be measured."""

    radius: Metres
    located: CellCode | None
    cell: CellCode | None = None
    share: float | None = None
    kind: VerdictKind | None = None
    border: Metres | None = None
    to_checkpoint: Metres | None = None
    hypothesis: Mistake | None = None


def _judged(evidences: Sequence[Evidence], policies: Sequence[Policy]) -> list[Verdict]:
    """Verdicts of check-ins of one plan."""
    return [
        _verdict(evidence, policy, lie)
        for evidence, policy, lie in zip(
            evidences, policies, _lies(evidences, policies), strict=True
        )
    ]


def _lies(evidences: Sequence[Evidence], policies: Sequence[Policy]) -> list[_Lie]:
    grid = evidences[0].grid
    fixes = [evidence.fix for evidence in evidences]
    lon, lat = to_wgs84_many([as_meant(fix) for fix in fixes])
    for fix, on_earth in zip(fixes, np.isfinite(lon).tolist(), strict=True):
        if not on_earth:
            raise PointOutOfRange(lon=fix.lon, lat=fix.lat)
    radius = np.array([policy.radius_95(fix) for fix, policy in zip(fixes, policies, strict=True)])
    # Every cell that each may be judged by, measured at once.
    asked = [_cells_asked(evidence) for evidence in evidences]
    items = np.repeat(np.arange(len(asked)), [len(cells) for cells in asked])
    cells = np.array([cell for cells in asked for cell in cells], dtype=np.int64)
    found = grid.measure(cells, lon[items], lat[items], radius[items])
    best: dict[int, int] = {}
    # Single numbers are read off lists several times as fast as off arrays.
    shares, distances = found.share.tolist(), found.distance_m.tolist()
    radii, numbers = radius.tolist(), cells.tolist()
    for place, item in enumerate(items.tolist()):
        before = best.setdefault(item, place)
        # Where no disc reaches any of them, the nearest one is meant.
        if (shares[place], distances[place]) > (shares[before], distances[before]):
            best[item] = place
    kinds = {item: _kind(shares[place], policies[item]) for item, place in best.items()}
    sites = _distances_to_sites(evidences, lon, lat)
    unsure = [
        item
        for item, kind in kinds.items()
        if kind is not VerdictKind.INSIDE
        or not _reaches(evidences[item], sites.get(item), radii[item])
    ]
    hypotheses = dict(
        zip(
            unsure,
            _suspicions(
                [evidences[item] for item in unsure],
                [policies[item] for item in unsure],
                [kinds[item] for item in unsure],
                cells[[best[item] for item in unsure]],
                radius[unsure],
            ),
            strict=True,
        )
    )
    # Cells do not overlap: who stands off the border inside one stands in no other.
    located_in = {item: numbers[place] for item, place in best.items() if distances[place] > 0}
    strayed = [item for item in range(len(evidences)) if item not in located_in]
    if strayed:
        found_in = grid.locate(lon[strayed], lat[strayed]).tolist()
        located_in.update(zip(strayed, found_in, strict=True))
    lies = []
    for item in range(len(evidences)):
        located, judged = located_in[item], best.get(item)
        lies.append(
            _Lie(
                radius=Metres(radii[item]),
                located=None if located < 0 else grid.codes[located],
                cell=None if judged is None else grid.codes[numbers[judged]],
                share=None if judged is None else shares[judged],
                kind=kinds.get(item),
                border=None if judged is None else _measurable(distances[judged]),
                to_checkpoint=sites.get(item),
                hypothesis=hypotheses.get(item),
            )
        )
    return lies


def _suspicions(
    evidences: Sequence[Evidence],
    policies: Sequence[Policy],
    kinds: Sequence[VerdictKind],
    cells: Indices,
    radius: Floats,
) -> list[Mistake | None]:
    """The one mistake of its device that would explain each point; None for none or several.

    It puts the point inside its cell; and at its checkpoint, where the point is inside already or
    several would.
    """
    if not evidences:
        return []
    grid = evidences[0].grid
    meant = [as_meant(evidence.fix) for evidence in evidences]
    stated_lon, stated_lat = to_wgs84_many(meant)
    inside: list[list[Mistake]] = [[] for _ in evidences]
    there: list[list[Mistake]] = [[] for _ in evidences]
    readings = [
        (place, mistake)
        for mistake in Mistake
        for place, point in enumerate(meant)
        if point.system != mistake.value
    ]
    lon, lat = to_wgs84_many([read_as(meant[place], mistake) for place, mistake in readings])
    of = np.array([place for place, _ in readings], dtype=np.int64)
    changed = (lon != stated_lon[of]) | (lat != stated_lat[of])
    kept = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat) & changed)
    of, lon, lat = of[kept], lon[kept], lat[kept]
    found = grid.measure(cells[of], lon, lat, radius[of])
    apart = _distances_to_sites([evidences[place] for place in of.tolist()], lon, lat)
    for number, (reading, share) in enumerate(
        zip(kept.tolist(), found.share.tolist(), strict=True)
    ):
        place, mistake = readings[reading]
        if share >= policies[place].inside_from:
            inside[place].append(mistake)
            if _reaches(evidences[place], apart.get(number), radius[place]):
                there[place].append(mistake)
    suspected: list[Mistake | None] = []
    for kind, near, nearer in zip(kinds, inside, there, strict=True):
        some = nearer if kind is VerdictKind.INSIDE or len(near) > 1 else near
        suspected.append(some[0] if len(some) == 1 else None)
    return suspected


def _reaches(evidence: Evidence, distance: Metres | None, radius: float) -> bool:
    """Whether the error can account for what lies beyond the radius of the checkpoint, if any."""
    site = evidence.checkpoint
    return site is None or (distance is not None and distance <= site.radius_m + radius)


def _cells_asked(evidence: Evidence) -> list[int]:
    """The cells a check-in may be judged by, as numbers of its grid."""
    codes: Sequence[CellCode | None] = evidence.assigned
    if evidence.checkpoint is not None and codes:
        codes = (evidence.cell_of_checkpoint,)
    return [cell for code in codes if code and (cell := evidence.grid.index(code)) is not None]


def _distances_to_sites(
    evidences: Sequence[Evidence], lon: Floats, lat: Floats
) -> dict[int, Metres | None]:
    """How far each stands from the checkpoint it names."""
    named = [
        (item, evidence.checkpoint)
        for item, evidence in enumerate(evidences)
        if evidence.checkpoint is not None
    ]
    if not named:
        return {}
    srid = evidences[0].grid.srid
    items = [item for item, _ in named]
    east, north = metres(lon[items], lat[items], srid)
    to_east, to_north = metres(
        np.array([site.lon for _, site in named]), np.array([site.lat for _, site in named]), srid
    )
    # Beyond the reach of the metric CRS it is infinite.
    with np.errstate(invalid="ignore"):
        apart = np.hypot(to_east - east, to_north - north).tolist()
    return dict(zip(items, map(_measurable, apart), strict=True))


def _measurable(distance: float) -> Metres | None:
    return Metres(distance) if math.isfinite(distance) else None


def _kind(share: float, policy: Policy) -> VerdictKind:
    if share >= policy.inside_from:
        return VerdictKind.INSIDE
    return VerdictKind.OUTSIDE if share <= policy.outside_up_to else VerdictKind.UNCERTAIN


def _verdict(evidence: Evidence, policy: Policy, lie: _Lie) -> Verdict:
    reasons: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    proven = _proven(evidence, policy, lie)
    kind = lie.kind
    if lie.cell is None or kind is None or lie.share is None:
        refusals.append({"code": "assignment.none"})
    else:
        lifted = proven and kind is VerdictKind.OUTSIDE
        if lifted:
            # He was at the door, and the door is in the cell: what remains is an error of the fix.
            kind = VerdictKind.UNCERTAIN
        where = {
            "code": "cell.proven" if lifted else f"cell.{kind.value}",
            "cell": lie.cell,
            "located_cell": lie.located,
            "distance_m": None if lie.border is None else round(abs(lie.border), 1),
            "share_inside": round(lie.share, 3),
        }
        (refusals if kind is VerdictKind.OUTSIDE else reasons).append(where)
    if evidence.checkpoint is not None:
        _checkpoint(evidence, evidence.checkpoint, policy, lie, reasons, refusals)
    if evidence.fix.mock:
        refusals.append({"code": "mock.declared"})
    if not evidence.on_duty:
        refusals.append({"code": "duty.off"})
    if lie.radius > policy.most_radius_m and not proven:
        limit = round(policy.most_radius_m, 1)
        refusals.append(
            {"code": "accuracy.too_vague", "radius_m": round(lie.radius, 1), "limit_m": limit}
        )
    if lie.hypothesis is not None:
        reasons.append({"code": "system.suspected", "hypothesis": lie.hypothesis.value})
    if evidence.proof in (ProofState.VALID, ProofState.NOT_ASKED):
        reasons.append({"code": f"proof.{evidence.proof.value}"})
    elif evidence.proof is not None:
        refusals.append({"code": f"proof.{evidence.proof.value}"})
    return Verdict(
        cell=lie.cell,
        kind=kind,
        accepted=not refusals,
        share_inside=lie.share,
        distance_to_border_m=lie.border,
        distance_to_checkpoint_m=lie.to_checkpoint,
        located_cell=lie.located,
        reasons=(*refusals, *reasons),
        doubts=_doubts(evidence, policy),
    )


def _checkpoint(
    evidence: Evidence,
    checkpoint: CheckpointSite,
    policy: Policy,
    lie: _Lie,
    reasons: list[dict[str, Any]],
    refusals: list[dict[str, Any]],
) -> None:
    """At its checkpoint: when the error can account for what lies beyond its radius."""
    distance = lie.to_checkpoint
    said = {
        "checkpoint": str(checkpoint.id),
        "name": checkpoint.name,
        "distance_m": None if distance is None else round(distance, 1),
        "radius_m": checkpoint.radius_m,
    }
    if evidence.assigned and evidence.cell_of_checkpoint not in evidence.assigned:
        refusals.append({"code": "checkpoint.not_assigned", **said})
    if evidence.checkpoint_retired:
        refusals.append({"code": "checkpoint.was_retired", **said})
    if _reaches(evidence, distance, lie.radius):
        reasons.append({"code": "checkpoint.reached", **said})
    elif _proven(evidence, policy, lie):
        reasons.append({"code": "checkpoint.proven", **said})
    elif evidence.proof is ProofState.VALID:
        refusals.append({"code": "proof.too_far", **said, "limit_m": policy.proof_reach_m})
    else:
        refusals.append({"code": "checkpoint.not_reached", **said})


def _proven(evidence: Evidence, policy: Policy, lie: _Lie) -> bool:
    """Whether a valid code from the checkpoint's door speaks for a fix that lies near enough."""
    near = lie.to_checkpoint is not None and lie.to_checkpoint <= policy.proof_reach_m
    return near and evidence.proof is ProofState.VALID


def _doubts(evidence: Evidence, policy: Policy) -> tuple[dict[str, Any], ...]:
    doubts: list[dict[str, Any]] = []
    if evidence.fix.mock:
        doubts.append({"code": "mock.declared"})
    if evidence.waited > policy.offline_after:
        waited_s = round(evidence.waited.total_seconds())
        doubts.append({"code": "delivery.late", "waited_s": waited_s})
    ahead_s = round(evidence.clock_ahead.total_seconds())
    if ahead_s > 0:
        doubts.append({"code": "clock.corrected", "ahead_s": ahead_s})
    elif ahead_s < 0:
        doubts.append({"code": "clock.was_behind", "behind_s": -ahead_s})
    return tuple(doubts)
