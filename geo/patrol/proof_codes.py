# SPDX-License-Identifier: Apache-2.0
"""Codes for doors: issued, replaced, and weighed when a check-in shows one.

The key that signs them is made when a district issues its first code. It stands in the database, so
that a restored backup still knows the prints at the doors, and leaves it in no answer and no event.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo import prepared
from geo.accounts.rules import Actor, may
from geo.ids import CheckpointId, DistrictCode
from geo.outbox import record
from geo.patrol import queries
from geo.patrol.proofs import (
    KEY_BYTES,
    ProofCode,
    ProofState,
    proof_state,
    proof_token,
    read_proof,
)
from geo.patrol.records import Checkpoint, CheckpointRetired, ProofCodeIssued
from geo.patrol.tables import CheckpointRow, ProofCodeRow, ProofKeyRow
from geo.values import value

# The keys of the districts and every code of the doors asked about.
_KNOWN = """
select proof_key.district, proof_key.key, proof_code.checkpoint, proof_code.number,
  proof_code.replaced_at
from proof_key
left join proof_code
  on proof_code.district = proof_key.district
  and proof_code.checkpoint = any(%(checkpoints)s::uuid[])
where proof_key.district = any(%(districts)s::text[])
"""


@value
class ShownProof:
    """The code that a check-in at a checkpoint shows, and when it was observed; None for none."""

    district: DistrictCode
    checkpoint: Checkpoint | None
    token: str | None
    observed_at: datetime


def issue_proof_code(
    session: Session, *, actor: Actor, checkpoint: CheckpointId, at: datetime
) -> ProofCode:
    """Issue a code for a door; the one that hung there before is replaced.

    Raises: NotAllowed, CheckpointNotFound, CheckpointRetired.  Records: ProofCodeIssued.
    """
    site = queries.checkpoint(session, actor.district, checkpoint)
    may(actor, "proofs.issue", area=site.cell)
    # Whoever issues for the same door waits here, and then sees the number given before.
    standing = session.execute(
        select(CheckpointRow.id)
        .where(
            CheckpointRow.district == actor.district,
            CheckpointRow.id == checkpoint,
            CheckpointRow.retired_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if standing is None:
        raise CheckpointRetired(checkpoint=str(checkpoint))
    here = (ProofCodeRow.district == actor.district, ProofCodeRow.checkpoint == checkpoint)
    newest = session.scalar(select(func.max(ProofCodeRow.number)).where(*here)) or 0
    session.execute(
        update(ProofCodeRow)
        .where(*here, ProofCodeRow.replaced_at.is_(None))
        .values(replaced_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        pg_insert(ProofCodeRow).values(
            district=actor.district,
            checkpoint=checkpoint,
            number=newest + 1,
            issued_at=at,
            issued_by=actor.signature,
            replaced_at=None,
            origin=actor.origin.value,
        )
    )
    key = _key(session, actor.district, at)
    record(
        session,
        ProofCodeIssued(
            id=checkpoint,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=actor.origin,
            area=site.cell,
            body={"id": str(checkpoint), "cell": site.cell, "number": newest + 1},
        ),
    )
    token = proof_token(key, actor.district, checkpoint, newest + 1)
    return ProofCode(checkpoint, newest + 1, token, at, None)


def proof_codes(
    session: Session, district: DistrictCode, checkpoints: Sequence[CheckpointId]
) -> dict[UUID, ProofCode]:
    """The code in use of each of these doors; a door without one is absent."""
    key = session.scalar(select(ProofKeyRow.key).where(ProofKeyRow.district == district))
    if key is None:
        return {}
    rows = session.execute(
        select(ProofCodeRow.checkpoint, ProofCodeRow.number, ProofCodeRow.issued_at).where(
            ProofCodeRow.district == district,
            ProofCodeRow.checkpoint.in_(checkpoints),
            ProofCodeRow.replaced_at.is_(None),
        )
    )
    return {
        row.checkpoint: ProofCode(
            CheckpointId(row.checkpoint),
            row.number,
            proof_token(key, district, CheckpointId(row.checkpoint), row.number),
            row.issued_at,
            None,
        )
        for row in rows
    }


def proof_states(session: Session, shown: Sequence[ShownProof]) -> list[ProofState | None]:
    """What the second proof of each check-in is worth, in the order asked.

    One statement for all of them, and none when nobody shows a code where one is asked for. None
    where no proof is asked for and none is shown.
    """
    weighed = [
        one
        for one in shown
        if one.token and one.checkpoint is not None and one.checkpoint.asks_proof
    ]
    keys: dict[str, bytes] = {}
    replaced: dict[tuple[str, UUID], dict[int, datetime | None]] = defaultdict(dict)
    if weighed:
        for row in prepared.rows(
            session,
            _KNOWN,
            districts=sorted({one.district for one in weighed}),
            checkpoints=list({one.checkpoint.id for one in weighed if one.checkpoint}),
        ):
            keys[row.district] = row.key
            if row.number is not None:
                replaced[row.district, row.checkpoint][row.number] = row.replaced_at
    return [_state(one, keys, replaced) for one in shown]


def _state(
    shown: ShownProof,
    keys: Mapping[str, bytes],
    replaced: Mapping[tuple[str, UUID], Mapping[int, datetime | None]],
) -> ProofState | None:
    site, token, district = shown.checkpoint, shown.token, shown.district
    if site is None or not site.asks_proof:
        return None if token is None else ProofState.NOT_ASKED
    if not token:
        return ProofState.MISSING
    said = read_proof(keys[district], token) if district in keys else None
    codes = replaced.get((district, site.id), {})
    return proof_state(said, district, site.id, codes, shown.observed_at)


def _key(session: Session, district: DistrictCode, at: datetime) -> bytes:
    """The district's key, made now if this is its first code."""
    session.execute(
        pg_insert(ProofKeyRow)
        .values(district=district, key=secrets.token_bytes(KEY_BYTES), made_at=at)
        .on_conflict_do_nothing()
    )
    # A statement of its own: it sees the key of whoever was first.
    return session.execute(
        select(ProofKeyRow.key).where(ProofKeyRow.district == district)
    ).scalar_one()
