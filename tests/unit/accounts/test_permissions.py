# SPDX-License-Identifier: Apache-2.0
"""The permission table and its three reaches."""

from uuid import UUID

import pytest

from geo.accounts.rules import (
    PERMISSIONS,
    Actor,
    NotSelf,
    OutOfScope,
    Role,
    RoleNotAllowed,
    may,
)
from geo.ids import DistrictCode, WorkerId

ME, OTHER = WorkerId(UUID(int=1)), WorkerId(UUID(int=2))


def actor(role: Role, scope: str | None = "210503101") -> Actor:
    worker = ME if role is Role.WORKER else None
    return Actor(
        id=UUID(int=9),
        district=DistrictCode("210503"),
        name="某人",
        role=role,
        scope=None if worker else scope,
        worker=worker,
        cells=frozenset({"210503101001001"}) if worker else frozenset(),
    )


def test_a_worker_acts_for_himself_only() -> None:
    may(actor(Role.WORKER), "positions.write", worker=ME)
    with pytest.raises(NotSelf):
        may(actor(Role.WORKER), "positions.write", worker=OTHER)


def test_scope_is_a_prefix() -> None:
    may(actor(Role.SUPERVISOR), "checkins.read", area="210503101001001", worker=OTHER)
    with pytest.raises(OutOfScope):
        may(actor(Role.SUPERVISOR), "checkins.read", area="210503102001001")


def test_a_thing_without_an_area_belongs_to_the_whole_district() -> None:
    may(actor(Role.DISPATCHER, "210503"), "incidents.read")
    with pytest.raises(OutOfScope):
        may(actor(Role.DISPATCHER, "210503101"), "incidents.read")


def test_a_worker_reads_areas_he_is_assigned_to() -> None:
    may(actor(Role.WORKER), "areas.read", area="210503101001001")
    with pytest.raises(OutOfScope):
        may(actor(Role.WORKER), "areas.read", area="210503101001002")


def test_a_role_without_an_entry_may_not() -> None:
    with pytest.raises(RoleNotAllowed):
        may(actor(Role.VIEWER), "workers.read", area="210503101001001")


def test_a_viewer_never_reaches_people() -> None:
    people = {"workers.read", "checkins.read", "tracks.read", "nearest.read", "worklogs.read"}
    assert all(Role.VIEWER not in PERMISSIONS[verb] for verb in people)
