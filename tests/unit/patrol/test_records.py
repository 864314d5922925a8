# SPDX-License-Identifier: Apache-2.0
"""When a patrol day is complete; a policy as data; points nobody can measure."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from geo.ids import CheckpointId, WorkLogId
from geo.patrol.records import patrol_day
from geo.patrol.rules import Policy
from tests import town
from tests.unit.patrol.test_verdict import codes, fix, judge

ONE, TWO = CheckpointId(UUID(int=1)), CheckpointId(UUID(int=2))
LOG = WorkLogId(uuid4())


@pytest.mark.parametrize(
    ("due", "reached", "log", "complete", "reasons"),
    [
        ([ONE, TWO], {ONE, TWO}, LOG, True, ["day.complete"]),
        ([ONE, TWO], {TWO}, LOG, False, ["day.checkpoints_missing"]),
        ([ONE], {ONE}, None, False, ["day.log_missing"]),
        ([ONE], set(), None, False, ["day.checkpoints_missing", "day.log_missing"]),
        ([], set(), LOG, True, ["day.no_checkpoints", "day.complete"]),
        ([ONE], {ONE, TWO}, LOG, True, ["day.complete"]),
    ],
)
def test_a_day_needs_every_checkpoint_and_a_log(
    due: list[CheckpointId],
    reached: set[CheckpointId],
    log: WorkLogId | None,
    complete: bool,
    reasons: list[str],
) -> None:
    day = patrol_day(town.WORKERS["N1"], town.N1, due=due, reached=reached, log=log)
    assert day.complete is complete
    assert [reason["code"] for reason in day.reasons] == reasons
    assert day.checkpoints_due - day.checkpoints_done == len(day.missing)


def test_a_policy_survives_being_written_down() -> None:
    policy = Policy(version=3, inside_from=0.8, late_after=timedelta(hours=24))
    assert Policy.from_fields(policy.as_fields()) == policy
    assert Policy.from_fields({"version": 2}) == Policy(version=2)


@pytest.mark.parametrize(("lon", "lat"), [(-57.0, -41.0), (0.0, 0.0), (180.0, 90.0), (33.7, -90.0)])
def test_the_far_side_of_the_earth_is_outside(lon: float, lat: float) -> None:
    verdict = judge(fix(0, 0, lon=lon, lat=lat))
    assert (verdict.accepted, verdict.share_inside, verdict.located_cell) == (False, 0.0, None)
    assert "cell.outside" in codes(verdict)
    distance = verdict.distance_to_border_m
    assert distance is None or -1e9 < distance < 0
