# SPDX-License-Identifier: Apache-2.0
"""Checkpoints when another plan takes effect: each belongs to the cell that now holds its point."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from geo.accounts.rules import SYSTEM_ACTOR
from geo.columns import UtcInstant
from geo.ids import CellCode, CheckpointId, DistrictCode, PlanId
from geo.patrol import queries
from geo.patrol.checkpoints import KEPT, tell_changed
from geo.patrol.tables import CheckpointRow, CheckpointWasRow


def moving_checkpoints(
    session: Session, district: DistrictCode, plan: PlanId
) -> dict[CheckpointId, tuple[CellCode, CellCode | None]]:
    """Checkpoints that a plan puts into another cell: the cell they are in, the one they come to.

    None: the plan has no cell there.
    """
    rows = session.execute(
        queries.checkpoint_columns(district).where(CheckpointRow.retired_at.is_(None))
    ).all()
    if not rows:
        return {}
    grid = queries.grid_of(session, district, plan)
    found = grid.locate(np.array([row.lon for row in rows]), np.array([row.lat for row in rows]))
    moving = {}
    for row, at in zip(rows, found.tolist(), strict=True):
        to = None if at < 0 else grid.codes[at]
        if to != row.cell:
            moving[CheckpointId(row.id)] = (CellCode(row.cell), to)
    return moving


def follow_plan(
    session: Session, *, district: DistrictCode, plan: PlanId, since: datetime, at: datetime
) -> int:
    """Give the checkpoints to the cells of a plan that holds since an instant.

    How each stood before is kept. Records: CheckpointChanged for each that moves.
    """
    moving = {
        id: to
        for id, (_, to) in moving_checkpoints(session, district, plan).items()
        if to is not None
    }
    if not moving:
        return 0
    of = (CheckpointRow.district == district, CheckpointRow.id.in_(list(moving)))
    session.execute(
        pg_insert(CheckpointWasRow)
        .from_select(
            ["district", "checkpoint", "until", *KEPT],
            select(
                CheckpointRow.district,
                CheckpointRow.id,
                literal(since, UtcInstant),
                *(getattr(CheckpointRow, name) for name in KEPT),
            ).where(*of),
        )
        .on_conflict_do_nothing()
    )
    _settle(session, district, moving)
    for checkpoint in queries.checkpoints_by_id(session, district, moving).values():
        tell_changed(session, district, SYSTEM_ACTOR, checkpoint, "changed", at)
    return len(moving)


def _settle(
    session: Session, district: DistrictCode, moving: Mapping[CheckpointId, CellCode]
) -> None:
    rows: list[dict[str, Any]] = [
        {"district": district, "id": id, "cell": cell} for id, cell in moving.items()
    ]
    session.execute(update(CheckpointRow), rows)
    session.expire_all()
