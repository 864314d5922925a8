# SPDX-License-Identifier: Apache-2.0
"""Codes for doors in a real database: one in use, weighed at the moment of observation."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from geo import prepared
from geo.accounts.rules import OutOfScope, Role, RoleNotAllowed
from geo.crs import Fix
from geo.db import Database
from geo.ids import CheckInId, CheckpointId
from geo.outbox import history_of
from geo.patrol import queries
from geo.patrol.check_ins import Taken, take_check_ins
from geo.patrol.checkpoints import change_checkpoint, retire_checkpoint
from geo.patrol.proof_codes import ShownProof, issue_proof_code, proof_codes, proof_states
from geo.patrol.proofs import ProofCode, ProofState, proof_token
from geo.patrol.records import (
    CheckIn,
    CheckpointNotFound,
    CheckpointRetired,
    Claim,
    ProofCodeNotIssued,
)
from geo.units import Metres
from tests import town

NOW = town.MORNING
N1, DOOR, OTHER_DOOR = town.WORKERS["N1"], town.CHECKPOINTS["N1"], town.CHECKPOINTS["N2"]
BOSS = town.actor(Role.SUPERVISOR)


def issue(database: Database, door: CheckpointId = DOOR, *, at: Any = NOW) -> ProofCode:
    with database.transaction() as session:
        return issue_proof_code(session, actor=BOSS, checkpoint=door, at=at)


def ask(database: Database, door: CheckpointId = DOOR, *, asks: bool = True, at: Any = NOW) -> None:
    with database.transaction() as session:
        change_checkpoint(session, actor=BOSS, id=door, at=at, asks_proof=asks)


def check_ins(database: Database, *tokens: str | None, at: Any = NOW) -> list[CheckIn]:
    lon, lat = town.point(50, 250)
    fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(5), observed_at=at)
    claims = [Claim(CheckInId(uuid4()), N1, DOOR, fix, None, token) for token in tokens]
    own = town.actor(Role.WORKER, worker=N1)
    with database.transaction() as session:
        taken = take_check_ins(session, [(own, claim) for claim in claims], at=NOW)
    return [item.check_in for item in taken if isinstance(item, Taken)]


def test_a_new_print_replaces_the_old_one(database: Database) -> None:
    earlier = NOW - timedelta(minutes=20)
    first = issue(database, at=earlier)
    ask(database, at=earlier)
    second = issue(database, at=NOW - timedelta(minutes=10))
    assert (first.number, second.number) == (1, 2)
    bent = second.token[:-1] + ("B" if second.token.endswith("A") else "A")
    stale, newest, none, forged = check_ins(database, first.token, second.token, None, bent)
    assert [found.proof for found in (stale, newest, none, forged)] == [
        ProofState.REPLACED,
        ProofState.VALID,
        ProofState.MISSING,
        ProofState.INVALID,
    ]
    assert [found.accepted for found in (stale, newest, none, forged)] == [
        False,
        True,
        False,
        False,
    ]
    # What was read off the door before the new print hung there, sent later.
    (offline,) = check_ins(database, first.token, at=NOW - timedelta(minutes=15))
    assert (offline.proof, offline.accepted) == (ProofState.VALID, True)
    with database.snapshot() as session:
        assert queries.check_in(session, town.DISTRICT, stale.id) == stale
        assert proof_codes(session, town.DISTRICT, [DOOR])[DOOR].token == second.token


def test_the_code_of_another_door_is_none(database: Database) -> None:
    issue(database)
    other = issue(database, OTHER_DOOR)
    ask(database)
    (found,) = check_ins(database, other.token)
    assert (found.proof, found.accepted) == (ProofState.INVALID, False)
    assert found.reasons[0] == {"code": "proof.invalid"}


def test_where_none_is_asked_for_the_code_changes_nothing(database: Database) -> None:
    code = issue(database)
    found, without = check_ins(database, code.token, None)
    assert (found.proof, found.accepted) == (ProofState.NOT_ASKED, True)
    assert (without.proof, without.accepted) == (None, True)
    ask(database)
    ask(database, asks=False)
    (again,) = check_ins(database, None)
    assert again.accepted


def test_a_batch_asks_once_and_only_when_somebody_shows_a_code(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = issue(database)
    ask(database)
    with database.snapshot() as session:
        door = queries.checkpoint(session, town.DISTRICT, DOOR)
        plain = queries.checkpoint(session, town.DISTRICT, OTHER_DOOR)
        asked: list[str] = []

        def counting(session: Any, statement: str, **values: Any) -> Any:
            asked.append(statement)
            return rows(session, statement, **values)

        rows = prepared.rows
        monkeypatch.setattr(prepared, "rows", counting)

        def states(*shown: tuple[Any, str | None]) -> list[ProofState | None]:
            return proof_states(session, [ShownProof(town.DISTRICT, *one, NOW) for one in shown])

        found = states(*[(door, code.token)] * 500, (door, None), (plain, "x"))
        assert found == [ProofState.VALID] * 500 + [ProofState.MISSING, ProofState.NOT_ASKED]
        assert len(asked) == 1
        assert states((door, None), (None, None), (plain, None)) == [ProofState.MISSING, None, None]
        assert len(asked) == 1


def test_a_door_asks_only_once_it_has_a_code(database: Database) -> None:
    with pytest.raises(ProofCodeNotIssued):
        ask(database)
    (found,) = check_ins(database, proof_token(bytes(32), town.DISTRICT, DOOR, 1))
    assert found.proof is ProofState.NOT_ASKED


def test_who_may_issue(database: Database) -> None:
    with database.transaction() as session:
        for actor, refusal in (
            (town.actor(Role.WORKER, worker=N1), RoleNotAllowed),
            (town.actor(Role.PLANNER), RoleNotAllowed),
            (town.actor(Role.SUPERVISOR, scope="210503102"), OutOfScope),
        ):
            with pytest.raises(refusal):
                issue_proof_code(session, actor=actor, checkpoint=DOOR, at=NOW)
        with pytest.raises(CheckpointNotFound):
            issue_proof_code(session, actor=BOSS, checkpoint=CheckpointId(uuid4()), at=NOW)
        retire_checkpoint(session, actor=BOSS, id=DOOR, at=NOW)
        with pytest.raises(CheckpointRetired):
            issue_proof_code(session, actor=BOSS, checkpoint=DOOR, at=NOW)


def test_neither_key_nor_token_is_told(database: Database) -> None:
    code = issue(database)
    with database.snapshot() as session:
        key = session.execute(text("select encode(key, 'hex') from proof_key")).scalar_one()
        told = str(history_of(session, town.DISTRICT, DOOR))
        assert "proof_code_issued" in told
        assert code.token not in told
        assert key not in told


def test_two_who_issue_at_once_get_two_numbers(live_database: Database) -> None:
    numbers: list[int] = []
    start = threading.Barrier(2)

    def issuing() -> None:
        start.wait()
        numbers.append(issue(live_database).number)

    threads = [threading.Thread(target=issuing) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2]
    with live_database.snapshot() as session:
        in_use = session.execute(text("select number from proof_code where replaced_at is null"))
        assert in_use.scalars().all() == [2]
