# SPDX-License-Identifier: Apache-2.0
"""The code at a door: what is signed, what is refused, and what it does to a verdict."""

from base64 import b32decode, b32encode
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import Fix
from geo.ids import CheckpointId, DistrictCode, Level, PlanId
from geo.patrol.grid import PlanGrid
from geo.patrol.proofs import (
    KEY_BYTES,
    ProofState,
    SignedProof,
    proof_state,
    proof_token,
    read_proof,
)
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

KEY = bytes(range(KEY_BYTES))
DOOR = CheckpointId(UUID(int=7))
TOKEN = proof_token(KEY, town.DISTRICT, DOOR, 3)
SAID = SignedProof(town.DISTRICT, DOOR, 3)
NOW = town.MORNING
GRID = PlanGrid(
    PlanId(UUID(int=1)), town.SRID, [area for area in town.areas() if area.level is Level.CELL]
)


def test_what_was_signed_is_read() -> None:
    assert read_proof(KEY, TOKEN) == SAID
    # The alphabet of the QR code's alphanumeric mode, so the print stays coarse.
    assert len(TOKEN) == 64
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


@given(st.integers(0, len(b32decode(TOKEN)) * 8 - 1))
def test_one_changed_bit_is_a_forgery(bit: int) -> None:
    said = bytearray(b32decode(TOKEN))
    said[bit // 8] ^= 1 << bit % 8
    assert read_proof(KEY, b32encode(bytes(said)).decode()) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        TOKEN[:-1],
        TOKEN[:-8],
        TOKEN + "A",
        TOKEN.lower(),
        "1" * 64,
        "é" * 64,
        "=" * 64,
        "A" * 64,
    ],
)
def test_what_is_no_token_of_ours(token: str) -> None:
    assert read_proof(KEY, token) is None


def test_another_key_signs_otherwise() -> None:
    assert read_proof(bytes(KEY_BYTES), TOKEN) is None


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (SAID, ProofState.VALID),
        (None, ProofState.INVALID),
        (SignedProof(DistrictCode("210504"), DOOR, 3), ProofState.INVALID),
        (SignedProof(town.DISTRICT, CheckpointId(UUID(int=8)), 3), ProofState.INVALID),
        (SignedProof(town.DISTRICT, DOOR, 2), ProofState.REPLACED),
        (SignedProof(town.DISTRICT, DOOR, 1), ProofState.INVALID),
        # Printed after the backup that was restored.
        (SignedProof(town.DISTRICT, DOOR, 4), ProofState.VALID),
    ],
)
def test_what_a_signed_code_is_worth(said: SignedProof | None, state: ProofState) -> None:
    issued = {2: NOW - timedelta(days=1), 3: None}
    assert proof_state(said, town.DISTRICT, DOOR, issued, NOW) is state


def test_a_code_counts_as_it_did_when_it_was_read() -> None:
    ended = {3: NOW, 4: None}
    before, after = NOW - timedelta(seconds=1), NOW
    assert proof_state(SAID, town.DISTRICT, DOOR, ended, before) is ProofState.VALID
    assert proof_state(SAID, town.DISTRICT, DOOR, ended, after) is ProofState.REPLACED


def judge(east: float, proof: ProofState | None, *, accuracy: float = 5.0) -> Verdict:
    """In M2, whose checkpoint stands at 150, 150; a fix on the same parallel."""
    lon, lat = town.point(east, 150)
    site_lon, site_lat = town.point(150, 150)
    return check_in_verdict(
        Evidence(
            fix=Fix(lon=lon, lat=lat, accuracy_m=Metres(accuracy), observed_at=NOW),
            grid=GRID,
            assigned=(town.M2,),
            checkpoint=CheckpointSite(
                DOOR, town.M2, "M2-1", "门前", site_lon, site_lat, Metres(30)
            ),
            on_duty=True,
            waited=timedelta(seconds=1),
            proof=proof,
        ),
        Policy(),
    )


def codes(verdict: Verdict) -> list[str]:
    return [reason["code"] for reason in verdict.reasons]


@pytest.mark.parametrize("state", [ProofState.MISSING, ProofState.INVALID, ProofState.REPLACED])
def test_without_the_code_asked_for_nobody_was_there(state: ProofState) -> None:
    verdict = judge(150, state)
    assert (verdict.kind, verdict.accepted) == (VerdictKind.INSIDE, False)
    assert codes(verdict)[0] == f"proof.{state}"


@pytest.mark.parametrize("state", [None, ProofState.NOT_ASKED])
def test_where_none_is_asked_for_the_fix_decides(state: ProofState | None) -> None:
    assert judge(150, state).accepted
    assert not judge(195, state).accepted
    assert ("proof.not_asked" in codes(judge(150, state))) is (state is not None)


@pytest.mark.parametrize(
    ("east", "accuracy", "kind", "reached"),
    [
        (150, 5, VerdictKind.INSIDE, "checkpoint.reached"),
        # Up the stairs: farther than radius and error, in the cell.
        (195, 3, VerdictKind.INSIDE, "checkpoint.proven"),
        # In the basement: the fix is in the next cell, or says next to nothing.
        (280, 10, VerdictKind.UNCERTAIN, "checkpoint.proven"),
        (200, 900, VerdictKind.UNCERTAIN, "checkpoint.reached"),
    ],
)
def test_the_code_speaks_for_a_fix_bent_by_walls(
    east: float, accuracy: float, kind: VerdictKind, reached: str
) -> None:
    verdict = judge(east, ProofState.VALID, accuracy=accuracy)
    assert (verdict.kind, verdict.accepted) == (kind, True)
    assert {reached, "proof.valid"} <= set(codes(verdict))
    assert ("cell.proven" in codes(verdict)) is (kind is VerdictKind.UNCERTAIN)
    assert "accuracy.too_vague" not in codes(verdict)


@pytest.mark.parametrize("accuracy", [10, 5000])
def test_a_photograph_of_the_code_is_not_enough(accuracy: float) -> None:
    verdict = judge(150 + 1500, ProofState.VALID, accuracy=accuracy)
    assert (verdict.kind, verdict.accepted) == (VerdictKind.OUTSIDE, False)
    assert {"cell.outside"} <= set(codes(verdict))
    assert ("accuracy.too_vague" in codes(verdict)) is (accuracy == 5000)


def test_it_says_how_far_the_door_was() -> None:
    reason = next(
        said for said in judge(550, ProofState.VALID).reasons if said["code"] == "proof.too_far"
    )
    assert (reason["distance_m"], reason["limit_m"]) == (400.0, 300.0)
