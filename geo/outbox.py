# SPDX-License-Identifier: Apache-2.0
"""The outbox: history, live feed and audit in one table.

An action records events in its session; `db.Database.transaction` writes them on the way out. The
body of an event is the new state of the thing it is about, in the shape the snapshot shows it, so
that a reader brings an old snapshot up to date by putting each body in its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Text, null, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geo.columns import DISTRICT, Base, Origin, UtcInstant, one_of
from geo.ids import DistrictCode
from geo.values import value

NOTIFY_CHANNEL = "wangge_outbox"
_PENDING = "pending_events"
_NOTICES = "pending_notices"

KINDS: dict[str, type["Event"]] = {}


@value(kw_only=True)
class Event:
    """Something that happened. Subclasses set `kind` and `collection`.

    `collection` is where the snapshot keeps the thing (None: it is not part of the snapshot), `id`
    its key there. `area` is the narrowest area it belongs to: scope is decided by it. `workers` are
    the people it is about, who may see it whatever their scope. `place` holds personal coordinates
    (`lon`, `lat`, WGS-84), apart from the body so that expiry can erase them.
    """

    kind: ClassVar[str]
    collection: ClassVar[str | None] = None

    id: UUID
    district: DistrictCode
    at: datetime
    actor: str
    origin: Origin
    body: dict[str, Any]
    area: str | None = None
    workers: tuple[UUID, ...] = ()
    place: dict[str, float] | None = None

    def __init_subclass__(cls) -> None:
        """List every kind once, so that the documents and the feed know them all."""
        KINDS[cls.kind] = cls


class OutboxRow(Base):
    """One recorded event. `seq` order is commit order within a district."""

    __tablename__ = "outbox"

    district: Mapped[str] = mapped_column(DISTRICT, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID]
    area: Mapped[str | None] = mapped_column(Text)
    workers: Mapped[list[str]] = mapped_column(JSONB)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    place: Mapped[dict[str, float] | None] = mapped_column(JSONB(none_as_null=True))
    actor: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcInstant)

    __table_args__ = (
        one_of("origin", Origin),
        Index(None, "district", "subject", "seq"),
        Index("ix_outbox_places", "at", postgresql_where=text("place is not null")),
    )


@dataclass(frozen=True)
class Recorded:
    """An event as it stands in the outbox."""

    seq: int
    kind: str
    subject: UUID
    area: str | None
    workers: tuple[str, ...]
    body: dict[str, Any]
    place: dict[str, float] | None
    actor: str
    origin: str
    at: datetime


def record(session: Session, event: Event) -> None:
    """Note an event in this session; it is written when the transaction ends well."""
    session.info.setdefault(_PENDING, []).append(event)


def take_pending(session: Session) -> list[Event]:
    """The events noted since the last call, in order. For `db.Database` alone."""
    pending: list[Event] = session.info.pop(_PENDING, [])
    return pending


@dataclass(frozen=True)
class Notice:
    """News for whoever listens on a channel, droppable: what must not be lost is an event."""

    channel: str
    payload: str


def tell(session: Session, notices: Iterable[Notice]) -> None:
    """Note notices in this session; they go out when the transaction has committed."""
    session.info.setdefault(_NOTICES, []).extend(notices)


def take_notices(session: Session) -> list[Notice]:
    """The notices noted since the last call, in order. For `db.Database` alone."""
    notices: list[Notice] = session.info.pop(_NOTICES, [])
    return notices


def latest_seq(session: Session, district: DistrictCode) -> int:
    """The newest sequence number of a district, 0 when nothing has happened yet."""
    seq = session.scalar(
        select(OutboxRow.seq)
        .where(OutboxRow.district == district)
        .order_by(OutboxRow.seq.desc())
        .limit(1)
    )
    return seq or 0


def oldest_seq(session: Session, district: DistrictCode) -> int | None:
    """The oldest sequence number still kept; None when the outbox of the district is empty."""
    return session.scalar(
        select(OutboxRow.seq).where(OutboxRow.district == district).order_by(OutboxRow.seq).limit(1)
    )


def events_after(
    session: Session, district: DistrictCode, seq: int, *, limit: int = 1000
) -> Sequence[Recorded]:
    """Events of a district after a sequence number, oldest first, at most `limit`."""
    rows = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.district == district, OutboxRow.seq > seq)
        .order_by(OutboxRow.seq)
        .limit(limit)
    )
    return [_recorded(row) for row in rows]


def history_of(session: Session, district: DistrictCode, subject: UUID) -> Sequence[Recorded]:
    """Everything recorded about one thing, oldest first."""
    rows = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.district == district, OutboxRow.subject == subject)
        .order_by(OutboxRow.seq)
    )
    return [_recorded(row) for row in rows]


def erase_places(session: Session, *, before: datetime, limit: int = 5000) -> int:
    """Erase personal coordinates of events older than an instant; how many, at most `limit`."""
    old = (
        select(OutboxRow.district, OutboxRow.seq)
        .where(OutboxRow.at < before, OutboxRow.place.is_not(None))
        .order_by(OutboxRow.at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .subquery()
    )
    erased = session.execute(
        update(OutboxRow)
        .where(OutboxRow.district == old.c.district, OutboxRow.seq == old.c.seq)
        .values(place=null())
        .returning(OutboxRow.seq)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())


def row_of(event: Event) -> dict[str, Any]:
    """The outbox row of an event, without its number."""
    return {
        "district": event.district,
        "kind": event.kind,
        "subject": event.id,
        "area": event.area,
        "workers": [str(worker) for worker in event.workers],
        "body": event.body,
        "place": event.place,
        "actor": event.actor,
        "origin": event.origin.value,
        "at": event.at,
    }


def _recorded(row: OutboxRow) -> Recorded:
    return Recorded(
        seq=row.seq,
        kind=row.kind,
        subject=row.subject,
        area=row.area,
        workers=tuple(row.workers),
        body=row.body,
        place=row.place,
        actor=row.actor,
        origin=row.origin,
        at=row.at,
    )
