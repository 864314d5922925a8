# SPDX-License-Identifier: Apache-2.0
"""Who a token belongs to, and what accounts there are."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo import prepared
from geo.accounts.rules import Actor, Device, DeviceProfile, Role
from geo.accounts.tables import AccountRow, DeviceRow, SessionRow
from geo.columns import Origin
from geo.ids import DistrictCode, WorkerId
from geo.standing import Standing, standing

_DEVICES = """
select device.* from unnest(%(hashes)s::bytea[]) as shown (hash)
-- Each by its index, however many are asked for.
cross join lateral (
  select token_hash, district, id, worker, name, profile::text, origin from device
  where device.token_hash = shown.hash and revoked_at is null
  limit 1
) as device
"""


def token_hash(token: str) -> bytes:
    """How a token is stored. It carries 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).digest()


def actor_of_session(session: Session, token: str, *, at: datetime) -> Actor | None:
    """The actor of an open session; None when unknown, expired or disabled."""
    row = session.execute(
        select(AccountRow)
        .join(
            SessionRow,
            (SessionRow.district == AccountRow.district) & (SessionRow.account == AccountRow.id),
        )
        .where(
            SessionRow.token_hash == token_hash(token),
            SessionRow.expires_at > at,
            AccountRow.disabled_at.is_(None),
        )
    ).scalar_one_or_none()
    return None if row is None else actor_of(row)


def actor_of_device(session: Session, token: str) -> Actor | None:
    """The worker of a paired device as an actor; None when unknown or revoked."""
    return actors_of_devices(session, [token]).get(token)


def actors_of_devices(
    session: Session, tokens: Iterable[str], known: Standing | None = None
) -> dict[str, Actor]:
    """The workers of paired devices as actors, by token; unknown and revoked ones are absent.

    `known` is what the transaction goes by, where it has asked for it already.
    """
    known = known or standing(session)
    found: dict[str, Actor] = {}
    by_hash: dict[bytes, str] = {}
    for token in tokens:
        # By the token itself: a digest of it would cost as much as all else here.
        if (actor := known.recall(token)) is not None:
            found[token] = actor
        else:
            by_hash[token_hash(token)] = token
    if by_hash:
        for row in prepared.rows(session, _DEVICES, hashes=list(by_hash)):
            actor = _actor_of_device(row)
            found[by_hash[row.token_hash]] = actor
            known.remember((actor.district, actor.id), by_hash[row.token_hash], actor)
    return found


def _actor_of_device(row: Any) -> Actor:
    return Actor(
        id=row.worker,
        district=DistrictCode(row.district),
        name=row.name,
        role=Role.WORKER,
        scope=None,
        worker=WorkerId(row.worker),
        device=row.id,
        profile=_profile(row.profile),
        origin=Origin(row.origin),
    )


@lru_cache(maxsize=256)
def _profile(fields: str) -> DeviceProfile:
    # By its text: most phones have the same few profiles.
    return DeviceProfile.from_fields(orjson.loads(fields))


def any_account(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return session.execute(select(AccountRow.id).limit(1)).first() is not None


def accounts(session: Session, district: DistrictCode) -> list[tuple[Actor, str, bool]]:
    """All accounts of a district: actor, user name, whether disabled; by user name."""
    rows = session.scalars(
        select(AccountRow).where(AccountRow.district == district).order_by(AccountRow.username)
    )
    return [(actor_of(row), row.username, row.disabled_at is not None) for row in rows]


def scopes_in(session: Session, district: DistrictCode) -> list[tuple[UUID, str]]:
    """The area of every account of a district that is open and has one."""
    rows = session.execute(
        select(AccountRow.id, AccountRow.scope).where(
            AccountRow.district == district,
            AccountRow.scope.is_not(None),
            AccountRow.disabled_at.is_(None),
        )
    )
    return [(id, scope) for id, scope in rows if scope is not None]


def holding_post(
    session: Session, district: DistrictCode, role: Role, scopes: Iterable[str]
) -> list[Actor]:
    """The accounts of a role, not disabled, whose scope is exactly one of these areas; by name."""
    rows = session.scalars(
        select(AccountRow)
        .where(
            AccountRow.district == district,
            AccountRow.role == role.value,
            AccountRow.scope.in_(list(scopes)),
            AccountRow.disabled_at.is_(None),
        )
        .order_by(AccountRow.name, AccountRow.id)
    )
    return [actor_of(row) for row in rows]


def device_worker(session: Session, district: DistrictCode, device: UUID) -> UUID | None:
    """Whose device this is; None when there is no such device or it is revoked."""
    return session.scalar(
        select(DeviceRow.worker).where(
            DeviceRow.district == district, DeviceRow.id == device, DeviceRow.revoked_at.is_(None)
        )
    )


def devices_of(session: Session, district: DistrictCode, worker: WorkerId) -> list[Device]:
    """The phones a worker has paired and not unpaired, oldest first."""
    rows = session.scalars(
        select(DeviceRow)
        .where(
            DeviceRow.district == district,
            DeviceRow.worker == worker,
            DeviceRow.revoked_at.is_(None),
        )
        .order_by(DeviceRow.created_at, DeviceRow.id)
    )
    return [_device(row) for row in rows]


def devices(session: Session, district: DistrictCode, ids: Iterable[UUID]) -> dict[UUID, Device]:
    """Some paired phones by id, revoked or not; those that do not exist are absent."""
    rows = session.scalars(
        select(DeviceRow).where(DeviceRow.district == district, DeviceRow.id.in_(set(ids)))
    )
    return {row.id: _device(row) for row in rows}


def _device(row: DeviceRow) -> Device:
    return Device(
        id=row.id,
        worker=WorkerId(row.worker),
        name=row.name,
        profile=DeviceProfile.from_fields(row.profile),
        created_at=row.created_at,
        origin=Origin(row.origin),
    )


def actor_of(row: AccountRow) -> Actor:
    """The actor of an account row; a worker's cells are filled in where assignments are known."""
    return Actor(
        id=row.id,
        district=DistrictCode(row.district),
        name=row.name,
        role=Role(row.role),
        scope=row.scope,
        worker=None if row.worker is None else WorkerId(row.worker),
        origin=Origin(row.origin),
    )
