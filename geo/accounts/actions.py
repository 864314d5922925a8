# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, making and disabling accounts, pairing phones."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.accounts.queries import actor_of, token_hash
from geo.accounts.rules import (
    FAILURE_WINDOW,
    FAILURES_ALLOWED,
    PASSWORD_MIN_LENGTH,
    SESSION_LIFE,
    SYSTEM_ACTOR,
    TOLD_FOR,
    AccountChanged,
    AccountNotFound,
    Actor,
    BadCredentials,
    DeviceNotFound,
    DevicePaired,
    Paired,
    PairedByDevice,
    PasswordTooShort,
    Role,
    SignedIn,
    TooManyFailures,
    UsernameTaken,
    may,
)
from geo.accounts.tables import AccountRow, DeviceRow, SessionRow, SignInFailureRow
from geo.columns import Origin
from geo.crs import Mistake
from geo.ids import AccountId, DistrictCode, WorkerId, area_code
from geo.outbox import record

_HASHER = PasswordHash.recommended()
# Compared against when the user name is unknown, so that both answers take the same time. Of a
# password that was thrown away; written down, for making one would delay every start of a process.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$5Sw/jWyOlZ6nHI6mJJ6iFA$uuFWgOkTASseBmOtpBaBJEVr4KdshdLde4BivoRWlTw"
)


def check_failures(session: Session, *, username: str, address: str, at: datetime) -> None:
    """Refuse a further try while too many recent ones failed. Raises: TooManyFailures."""
    recent, oldest = session.execute(
        select(func.count(), func.min(SignInFailureRow.at)).where(
            SignInFailureRow.username == username,
            SignInFailureRow.address == address,
            SignInFailureRow.at > at - FAILURE_WINDOW,
        )
    ).one()
    if recent >= FAILURES_ALLOWED:
        wait = (oldest + FAILURE_WINDOW - at).total_seconds()
        raise TooManyFailures(retry_after_s=max(1, round(wait + 0.5)))


def note_failure(session: Session, *, username: str, address: str, at: datetime) -> None:
    """Remember a wrong password for as long as it counts."""
    session.add(SignInFailureRow(username=username, address=address, at=at))
    session.flush()


def sign_in(
    session: Session,
    *,
    username: str,
    password: str,
    at: datetime,
    life: timedelta = SESSION_LIFE,
) -> SignedIn:
    """Open a session. Raises: BadCredentials (unknown, wrong or disabled: not told which)."""
    row = session.execute(
        select(AccountRow).where(AccountRow.username == username)
    ).scalar_one_or_none()
    good = _HASHER.verify(password, row.password_hash if row else _NOBODY)
    if row is None or not good or row.disabled_at is not None:
        raise BadCredentials()
    token = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            token_hash=token_hash(token),
            district=row.district,
            account=row.id,
            created_at=at,
            expires_at=at + life,
        )
    )
    session.flush()
    return SignedIn(token=token, expires_at=at + life, actor=actor_of(row))


def sign_out(session: Session, *, token: str) -> None:
    """End the session of a token; ending an ended one is fine."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash(token)))


def create_account(
    session: Session,
    *,
    district: DistrictCode,
    username: str,
    password: str,
    role: Role,
    name: str,
    at: datetime,
    scope: str | None = None,
    worker: WorkerId | None = None,
    by: str = SYSTEM_ACTOR,
    origin: Origin = Origin.REAL,
) -> AccountId:
    """Make an account. A worker's has `worker` and no scope; every other has a scope.

    Raises: PasswordTooShort, UsernameTaken, CodeMalformed.  Records: AccountChanged.
    """
    if len(password) < PASSWORD_MIN_LENGTH:
        raise PasswordTooShort(least=PASSWORD_MIN_LENGTH)
    account = AccountId(uuid4())
    row = AccountRow(
        district=district,
        id=account,
        username=username,
        password_hash=_HASHER.hash(password),
        role=role.value,
        name=name,
        scope=None if scope is None else area_code(scope),
        worker=worker,
        created_at=at,
        origin=origin.value,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if "username" in str(error.orig):
            raise UsernameTaken(username=username) from error
        raise
    _changed(
        session, district=district, account=account, what="created", at=at, by=by, origin=origin
    )
    return account


def change_password(
    session: Session, *, username: str, password: str, at: datetime, by: str = SYSTEM_ACTOR
) -> None:
    """Set another password; every session of the account ends.

    Raises: PasswordTooShort, AccountNotFound.  Records: AccountChanged.
    """
    if len(password) < PASSWORD_MIN_LENGTH:
        raise PasswordTooShort(least=PASSWORD_MIN_LENGTH)
    row = _by_name(session, username)
    row.password_hash = _HASHER.hash(password)
    _end_sessions(session, row, what="password", at=at, by=by)


def disable_account(
    session: Session, *, username: str, at: datetime, by: str = SYSTEM_ACTOR
) -> None:
    """Close an account; its sessions end. Raises: AccountNotFound.  Records: AccountChanged."""
    row = _by_name(session, username)
    row.disabled_at = at
    _end_sessions(session, row, what="disabled", at=at, by=by)


def pair_device(
    session: Session,
    *,
    actor: Actor,
    worker: WorkerId,
    area: str | None,
    name: str,
    profile: dict[str, Any],
    at: datetime,
    origin: Origin = Origin.REAL,
) -> Paired:
    """Pair a phone with a worker whose holding lies in `area`; the token is shown this once.

    Raises: NotAllowed (PairedByDevice, too), NotFound.  Records: DevicePaired.
    """
    may(actor, "devices.pair", area=area, worker=worker)
    if actor.device is not None:
        raise PairedByDevice()
    token, device = secrets.token_urlsafe(16), uuid4()
    session.add(
        DeviceRow(
            district=actor.district,
            id=device,
            worker=worker,
            name=name,
            profile=profile,
            token_hash=token_hash(token),
            created_at=at,
            origin=origin.value,
        )
    )
    session.flush()
    _device_event(session, actor, device, worker, area, "paired", at, origin)
    return Paired(id=device, worker=worker, name=name, profile=profile, token=token)


def pair_devices(
    session: Session,
    *,
    district: DistrictCode,
    workers: Sequence[WorkerId],
    name: str,
    profile: dict[str, Any],
    at: datetime,
    origin: Origin,
) -> dict[WorkerId, str]:
    """Pair a phone of one name with many workers at once; answers their tokens.

    Earlier phones of that name are unpaired: their tokens may have been lost to somebody.
    """
    session.execute(
        update(DeviceRow)
        .where(
            DeviceRow.district == district, DeviceRow.name == name, DeviceRow.revoked_at.is_(None)
        )
        .values(revoked_at=at)
    )
    tokens = {worker: secrets.token_urlsafe(16) for worker in workers}
    session.execute(
        insert(DeviceRow),
        [
            {
                "district": district,
                "id": uuid4(),
                "worker": worker,
                "name": name,
                "profile": profile,
                "token_hash": token_hash(token),
                "created_at": at,
                "origin": origin.value,
            }
            for worker, token in tokens.items()
        ],
    )
    return tokens


def revoke_device(
    session: Session, *, actor: Actor, device: UUID, area: str | None, at: datetime
) -> None:
    """Unpair a phone: its token is refused from now on. A phone unpairs itself alone.

    Raises: NotAllowed (PairedByDevice, too), DeviceNotFound.  Records: DevicePaired.
    """
    row = session.get(DeviceRow, (actor.district, device))
    if row is None or row.revoked_at is not None:
        raise DeviceNotFound(device=str(device))
    may(actor, "devices.pair", area=area, worker=row.worker)
    if actor.device is not None and actor.device != device:
        raise PairedByDevice()
    row.revoked_at = at
    session.flush()
    _device_event(
        session, actor, device, WorkerId(row.worker), area, "revoked", at, Origin(row.origin)
    )


def tell_device(session: Session, *, actor: Actor, told: bytes, at: datetime) -> bool:
    """Whether a phone is to be told this, by its digest; notes that it is told now.

    Not when it was told the same within `TOLD_FOR`: its own regions begin anew whenever they are
    set. Raises: NotAllowed.
    """
    may(actor, "devices.read", worker=actor.worker)
    noted = session.execute(
        update(DeviceRow)
        .where(
            DeviceRow.district == actor.district,
            DeviceRow.id == actor.device,
            or_(
                DeviceRow.told.is_distinct_from(told),
                DeviceRow.told_at.is_(None),
                DeviceRow.told_at <= at - TOLD_FOR,
            ),
        )
        .values(told=told, told_at=at)
        .returning(DeviceRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return noted is not None


def read_device_as(
    session: Session,
    *,
    actor: Actor,
    device: UUID,
    area: str | None,
    read_as: Mistake | None,
    at: datetime,
) -> None:
    """Read the fixes of a phone by a confirmed mistake from now on; None: as it says them.

    Raises: NotAllowed, DeviceNotFound.  Records: DevicePaired.
    """
    row = session.get(DeviceRow, (actor.district, device), with_for_update=True)
    if row is None:
        raise DeviceNotFound(device=str(device))
    may(actor, "devices.correct", area=area, worker=row.worker)
    row.profile = {**row.profile, "read_as": None if read_as is None else read_as.value}
    session.flush()
    _device_event(
        session, actor, device, WorkerId(row.worker), area, "corrected", at, Origin(row.origin)
    )


def forget_expired(session: Session, *, at: datetime) -> int:
    """Delete sessions that ran out and failures that no longer count; answers how many."""
    ended = session.execute(
        delete(SessionRow).where(SessionRow.expires_at < at).returning(SessionRow.token_hash)
    ).all()
    stale = session.execute(
        delete(SignInFailureRow)
        .where(SignInFailureRow.at < at - FAILURE_WINDOW)
        .returning(SignInFailureRow.id)
    ).all()
    return len(ended) + len(stale)


def _by_name(session: Session, username: str) -> AccountRow:
    row = session.execute(
        select(AccountRow).where(AccountRow.username == username)
    ).scalar_one_or_none()
    if row is None:
        raise AccountNotFound(username=username)
    return row


def _end_sessions(session: Session, row: AccountRow, *, what: str, at: datetime, by: str) -> None:
    session.execute(
        delete(SessionRow).where(SessionRow.district == row.district, SessionRow.account == row.id)
    )
    session.flush()
    _changed(
        session,
        district=DistrictCode(row.district),
        account=AccountId(row.id),
        what=what,
        at=at,
        by=by,
        origin=Origin(row.origin),
    )


def _changed(
    session: Session,
    *,
    district: DistrictCode,
    account: AccountId,
    what: str,
    at: datetime,
    by: str,
    origin: Origin,
) -> None:
    record(
        session,
        AccountChanged(
            id=account,
            district=district,
            at=at,
            actor=by,
            origin=origin,
            body={"id": str(account), "what": what},
        ),
    )


def _device_event(
    session: Session,
    actor: Actor,
    device: UUID,
    worker: WorkerId,
    area: str | None,
    what: str,
    at: datetime,
    origin: Origin,
) -> None:
    record(
        session,
        DevicePaired(
            id=device,
            district=actor.district,
            at=at,
            actor=actor.signature,
            origin=origin,
            area=area,
            workers=(worker,),
            body={"id": str(device), "worker": str(worker), "what": what},
        ),
    )
