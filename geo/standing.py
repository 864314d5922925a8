# SPDX-License-Identifier: Apache-2.0
"""What seldom changes, remembered by a connection for as long as it stands.

Who holds which cell, who is on duty, which plan is in force: asked for by every check-in, changed a
few times a day. Triggers note every change of it in `standing_change`, in the transaction that
makes it; a transaction that wants to go by what is remembered asks first, in one short statement,
what has been committed since that was read. So nothing is ever known later than by asking anew: a
phone that was unpaired is refused by the next transaction.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from geo import prepared
from geo.columns import DISTRICT, Base, UtcInstant
from geo.ids import DistrictCode

# Notes are kept for longer than anything remembered is gone by without asking, and than the longest
# transaction that makes one; by the database's clock both, whatever other clocks say.
_KEPT = timedelta(days=1)
_ASKED_AGAIN_WITHIN = timedelta(minutes=15)
# Things one connection remembers at most; then it begins anew.
_MOST = 50_000
# Changes that are followed one by one; more of them, and it begins anew as well.
_MOST_CHANGES = 1_000


class StandingChangeRow(Base):
    """That something of a worker, or (None) of a whole district, has changed."""

    __tablename__ = "standing_change"

    # The transaction's number: whether it has been seen is decided by it.
    changed_in: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    district: Mapped[str] = mapped_column(DISTRICT)
    worker: Mapped[UUID | None]
    noted_at: Mapped[datetime] = mapped_column(UtcInstant, server_default=text("now()"))


# What this statement sees and the one before did not: by snapshots and not by numbers or times,
# since transactions do not commit in the order in which they begin. A row of it is there always.
# The limit keeps it on the index: the planner takes a comparison with anything for a third of all.
_SINCE = """
select clock_timestamp() as asked_at, pg_current_snapshot()::text as seen,
  pg_current_xact_id_if_assigned() is null as reads_only, change.district, change.worker
from (select %(seen)s::pg_snapshot as seen) as before
left join lateral (
  select district, worker from standing_change
  where changed_in >= (pg_snapshot_xmin(before.seen)::text)::bigint
    and not pg_visible_in_snapshot((changed_in::text)::xid8, before.seen)
  order by changed_in
  limit %(most)s::int
) as change on true
"""
# Some at a time: a statement has its deadline, and a day of many workers many notes.
_FORGET = text(
    "delete from standing_change where (changed_in, seq) in (select changed_in, seq"
    " from standing_change where noted_at < now() - :kept order by changed_in, seq limit 10000)"
)

_ASKED = "standing"

Who = tuple[DistrictCode, UUID]


@dataclass
class Standing:
    """What a connection remembers, each by a name, and of whom it is."""

    # As PostgreSQL spells a snapshot; None before anything was asked.
    _seen: str | None = None
    _asked_at: datetime | None = None
    _reads_only: bool = False
    _known: dict[Hashable, Any] = field(default_factory=dict)
    _of: dict[Who, set[Hashable]] = field(default_factory=dict)

    def recall(self, name: Hashable) -> Any:
        """What is remembered by a name; None when nothing is."""
        return self._known.get(name)

    def remember(self, who: Who, name: Hashable, value: Any) -> None:
        """Remember what this transaction has just read of a worker and his district."""
        # What it changed itself may yet be undone.
        if self._reads_only:
            if len(self._known) >= _MOST:
                self._forget_all()
            self._known[name] = value
            self._of.setdefault(who, set()).add(name)

    def _catch_up(self, session: Session) -> None:
        found = prepared.rows(session, _SINCE, seen=self._seen, most=_MOST_CHANGES)
        now = found[0]
        waited = None if self._asked_at is None else now.asked_at - self._asked_at
        if waited is None or waited > _ASKED_AGAIN_WITHIN or len(found) == _MOST_CHANGES:
            self._forget_all()
        for row in found:
            if row.worker is not None:
                self._forget((row.district, row.worker))
            elif row.district is not None:
                for who in [who for who in self._of if who[0] == row.district]:
                    self._forget(who)
        self._reads_only = now.reads_only
        if now.reads_only:
            # A transaction's own number counts as seen in its snapshots, and it may yet go on.
            self._seen, self._asked_at = now.seen, now.asked_at

    def _forget(self, who: Who) -> None:
        for name in self._of.pop(who, ()):
            self._known.pop(name, None)

    def _forget_all(self) -> None:
        self._known.clear()
        self._of.clear()


def standing(session: Session) -> Standing:
    """What the session's connection remembers, less all that has changed by now.

    It is good for what this transaction reads before it changes anything of it: who has changed
    something asks again.
    """
    known = prepared.kept(session, Standing)
    known._catch_up(session)
    session.info[_ASKED] = (session.get_transaction(), known)
    return known


def asked(session: Session) -> Standing | None:
    """What `standing` said in this transaction; None when it was not asked."""
    transaction, known = session.info.get(_ASKED, (None, None))
    return known if transaction is session.get_transaction() else None


def mistrust(session: Session) -> None:
    """Forget what a transaction that failed went by: it may have remembered what it has undone."""
    _, known = session.info.pop(_ASKED, (None, None))
    if known is not None:
        known._forget_all()


def forget_noted(session: Session) -> int:
    """Delete notes that nobody can still ask for; how many. Call again until there are none."""
    return session.connection().execute(_FORGET, {"kept": _KEPT}).rowcount
