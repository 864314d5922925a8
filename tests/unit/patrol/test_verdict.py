# SPDX-License-Identifier: Apache-2.0
"""Verdicts in the town: three values, always with reasons."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from geo.crs import Fix, System, system_arrays
from geo.ids import CheckpointId, Level, PlanId
from geo.patrol.grid import PlanGrid
from geo.patrol.rules import (
    CheckpointSite,
    Evidence,
    Policy,
    Verdict,
    VerdictKind,
    check_in_verdict,
)
from geo.units import Metres
from tests import town

GRID = PlanGrid(
    PlanId(UUID(int=1)), town.SRID, [area for area in town.areas() if area.level is Level.CELL]
)
POLICY = Policy()


def fix(east: float, north: float, accuracy: float = 5.0, **more: object) -> Fix:
    lon, lat = town.point(east, north)
    made = Fix(lon=lon, lat=lat, accuracy_m=Metres(accuracy), observed_at=town.MORNING)
    return replace(made, **more)  # type: ignore[arg-type]


def judge(seen: Fix, **more: object) -> Verdict:
    evidence = Evidence(
        fix=seen,
        grid=GRID,
        assigned=(town.M2,),
        checkpoint=None,
        on_duty=True,
        waited=timedelta(seconds=2),
    )
    return check_in_verdict(replace(evidence, **more), POLICY)  # type: ignore[arg-type]


def codes(verdict: Verdict) -> set[str]:
    return {reason["code"] for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("east", "kind", "share", "border", "accepted"),
    [
        (150, VerdictKind.INSIDE, 1.0, 50.0, True),
        (100, VerdictKind.UNCERTAIN, 0.5, 0.0, True),
        (98, VerdictKind.UNCERTAIN, None, -2.0, True),
        (80, VerdictKind.OUTSIDE, 0.0, -20.0, False),
    ],
)
def test_the_error_disc_decides(
    east: float, kind: VerdictKind, share: float | None, border: float, accepted: bool
) -> None:
    verdict = judge(fix(east, 150))
    assert (verdict.kind, verdict.accepted, verdict.cell) == (kind, accepted, town.M2)
    assert verdict.distance_to_border_m == pytest.approx(border, abs=0.02)
    if share is not None:
        assert verdict.share_inside == pytest.approx(share, abs=2e-3)


def test_the_same_point_is_inside_or_uncertain_by_its_error() -> None:
    assert judge(fix(110, 150, accuracy=5)).kind is VerdictKind.INSIDE
    assert judge(fix(110, 150, accuracy=30)).kind is VerdictKind.UNCERTAIN


def test_gpsd_already_speaks_of_95_percent() -> None:
    assert POLICY.radius_95(fix(0, 0, accuracy=10)) == pytest.approx(16.2)
    assert POLICY.radius_95(fix(0, 0, accuracy=10, source="gpsd")) == 10
    assert POLICY.radius_95(fix(0, 0, accuracy=0)) == 3


def test_outside_says_where_he_was_and_how_far() -> None:
    reason = judge(fix(50, 150)).reasons[0]
    assert reason["code"] == "cell.outside"
    assert (reason["located_cell"], reason["distance_m"]) == (town.M1, 50.0)


def test_of_several_cells_the_one_with_the_largest_share_counts() -> None:
    assert judge(fix(90, 150), assigned=(town.M2, town.M1)).cell == town.M1


def test_without_an_assignment_there_is_no_verdict() -> None:
    verdict = judge(fix(150, 150), assigned=())
    assert (verdict.cell, verdict.kind, verdict.accepted) == (None, None, False)
    assert codes(verdict) == {"assignment.none"}
    assert verdict.located_cell == town.M2


@pytest.mark.parametrize(
    ("seen", "on_duty", "code"),
    [
        (fix(150, 150, mock=True), True, "mock.declared"),
        (fix(150, 150), False, "duty.off"),
        (fix(150, 150, accuracy=101), True, "accuracy.too_vague"),
    ],
)
def test_what_refuses_by_itself(seen: Fix, on_duty: bool, code: str) -> None:
    verdict = judge(seen, on_duty=on_duty)
    assert not verdict.accepted
    assert verdict.reasons[0]["code"] == code


@pytest.mark.parametrize(
    ("east", "accuracy", "reached"), [(150, 5, True), (183, 5, True), (195, 5, False)]
)
def test_a_checkpoint_is_reached_given_the_error(
    east: float, accuracy: float, reached: bool
) -> None:
    lon, lat = town.point(150, 150)
    site = CheckpointSite(CheckpointId(UUID(int=7)), town.M2, "M2-1", "门前", lon, lat, Metres(30))
    verdict = judge(fix(east, 150, accuracy=accuracy), checkpoint=site)
    assert verdict.accepted is reached
    assert verdict.distance_to_checkpoint_m == pytest.approx(east - 150, abs=0.02)
    assert ("checkpoint.reached" in codes(verdict)) is reached


def test_a_checkpoint_of_a_cell_that_is_not_his_does_not_count() -> None:
    lon, lat = town.point(50, 150)
    site = CheckpointSite(CheckpointId(UUID(int=7)), town.M1, "M1-1", "门前", lon, lat, Metres(30))
    verdict = judge(fix(50, 150), checkpoint=site)
    assert (verdict.cell, verdict.kind, verdict.accepted) == (town.M1, VerdictKind.INSIDE, False)
    assert "checkpoint.not_assigned" in codes(verdict)


@pytest.mark.parametrize("system", [System.GCJ02, System.BD09])
def test_a_phone_that_speaks_another_system_is_found_out(system: System) -> None:
    here = fix(150, 150)
    lon, lat = system_arrays(np.array([here.lon]), np.array([here.lat]), system)
    verdict = judge(replace(here, lon=float(lon[0]), lat=float(lat[0])))
    assert verdict.kind is VerdictKind.OUTSIDE
    assert {"code": "system.suspected", "hypothesis": system.value} in verdict.reasons


def test_said_rightly_it_is_inside() -> None:
    here = fix(150, 150)
    lon, lat = system_arrays(np.array([here.lon]), np.array([here.lat]), System.BD09)
    said = replace(here, lon=float(lon[0]), lat=float(lat[0]), system=System.BD09)
    assert judge(said).kind is VerdictKind.INSIDE


def test_what_came_late_is_marked_and_not_punished() -> None:
    verdict = judge(fix(150, 150), waited=timedelta(hours=2))
    assert verdict.accepted
    assert verdict.doubts == ({"code": "delivery.late", "waited_s": 7200},)


def test_judging_again_gives_the_same() -> None:
    assert judge(fix(97, 160, accuracy=9)) == judge(fix(97, 160, accuracy=9))


def site_at(east: float, north: float) -> CheckpointSite:
    lon, lat = town.point(east, north)
    id = CheckpointId(UUID(int=9))
    return CheckpointSite(id, town.M2, "M2-9", "门口", lon, lat, Metres(30))


def test_a_checkpoint_missed_inside_a_wide_cell_is_suspicious_too() -> None:
    """As on the edge of a district, where a cell is wider than the systems lie apart."""
    wide = [
        replace(area, boundary=town.box(-2000, -2000, 2000, 2000))
        for area in town.areas()
        if area.code == town.M2
    ]
    grid = PlanGrid(PlanId(UUID(int=2)), town.SRID, wide)
    lon, lat = town.point(150, 150)
    said_lon, said_lat = system_arrays(np.array([lon]), np.array([lat]), System.GCJ02)
    seen = replace(fix(150, 150), lon=float(said_lon[0]), lat=float(said_lat[0]))
    verdict = judge(seen, grid=grid, checkpoint=site_at(150, 150))
    assert (verdict.kind, verdict.accepted) == (VerdictKind.INSIDE, False)
    assert {"code": "system.suspected", "hypothesis": "gcj02"} in verdict.reasons
    # Who merely stands elsewhere in it is not suspected of anything.
    elsewhere = judge(fix(-700, 900), grid=grid, checkpoint=site_at(150, 150))
    assert codes(elsewhere) == {"checkpoint.not_reached", "cell.inside"}
