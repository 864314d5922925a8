# SPDX-License-Identifier: Apache-2.0
"""Accounts, sessions, devices and failed sign-ins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.accounts.rules import Role
from geo.columns import AREA, DISTRICT, Base, Origin, UtcInstant, one_of


class AccountRow(Base):
    """Somebody who signs in with a password."""

    __tablename__ = "account"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    scope: Mapped[str | None] = mapped_column(AREA)
    worker: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("username"),
        one_of("role", Role),
        one_of("origin", Origin),
        CheckConstraint(
            "case when role = 'worker' then worker is not null and scope is null"
            " else worker is null and starts_with(scope, district) end",
            name="scope_or_worker",
        ),
    )


class SessionRow(Base):
    """An open session, found by the hash of its token."""

    __tablename__ = "session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district: Mapped[str] = mapped_column(DISTRICT)
    account: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    expires_at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        ForeignKeyConstraint(
            ["district", "account"], ["account.district", "account.id"], ondelete="CASCADE"
        ),
        Index(None, "district", "account"),
    )


class DeviceRow(Base):
    """A worker's paired phone, found by the hash of its token."""

    __tablename__ = "device"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcInstant)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # What it was told last, as a digest, and when.
    told: Mapped[bytes | None] = mapped_column(LargeBinary)
    told_at: Mapped[datetime | None] = mapped_column(UtcInstant)
    # Its worker's: what a simulated worker's phone says is simulated.
    origin: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("token_hash"),
        one_of("origin", Origin),
        Index(None, "district", "worker"),
    )


class SignInFailureRow(Base):
    """A wrong password; kept only as long as it counts."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (Index(None, "username", "address", "at"),)
