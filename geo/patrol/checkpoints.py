# SPDX-License-Identifier: Apache-2.0
"""Making, moving and retiring checkpoints."""

from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.accounts.rules import Actor, may
from geo.clock import civil_date
from geo.columns import Origin, UtcInstant
from geo.crs import Point, to_wgs84
from geo.errors import IdReused
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.rules import CellNotFound
from geo.ids import CellCode, CheckpointId, DistrictCode
from geo.outbox import history_of, record
from geo.patrol import queries
from geo.patrol.proof_codes import proof_codes
from geo.patrol.records import (
    Checkpoint,
    CheckpointChanged,
    CheckpointCodeTaken,
    CheckpointOutsideCell,
    CheckpointRetired,
    ProofCodeNotIssued,
)
from geo.patrol.tables import CheckpointRow, CheckpointWasRow
from geo.units import Metres

# What is remembered of a checkpoint when it changes.
KEPT = ("cell", "name", "point", "radius_m", "asks_proof")


def create_checkpoint(
    session: Session,
    *,
    actor: Actor,
    id: CheckpointId,
    cell: CellCode,
    code: str,
    name: str,
    point: Point,
    radius_m: Metres,
    at: datetime,
    origin: Origin = Origin.REAL,
) -> tuple[Checkpoint, bool]:
    """Make a checkpoint in a cell of the plan in force; True when it is new.

    Raises: NotAllowed, NotFound, CellNotFound, CheckpointOutsideCell, CheckpointCodeTaken,
    IdReused, PointOutOfRange.  Records: CheckpointChanged.
    """
    may(actor, "checkpoints.write", area=cell)
    lon, lat = _inside(session, actor, cell, point, at)
    values = {
        "district": actor.district,
        "id": id,
        "cell": cell,
        "code": code,
        "name": name,
        "point": shapely.Point(lon, lat),
        "radius_m": radius_m,
        "created_at": at,
        "origin": origin.value,
    }
    try:
        with session.begin_nested():
            made = session.execute(
                pg_insert(CheckpointRow)
                .values(values)
                .on_conflict_do_nothing(index_elements=["district", "id"])
                .returning(CheckpointRow.id)
            ).one_or_none()
    except IntegrityError as error:
        if "uq_checkpoint" in str(error.orig):
            raise CheckpointCodeTaken(checkpoint_code=code) from error
        raise
    stored = queries.checkpoint(session, actor.district, id)
    if made is None:
        # Its first event says who made it; the same again from him answers the same.
        makers = [event.actor for event in history_of(session, actor.district, id)[:1]]
        said = (cell, code, name, radius_m, round(lon, 9), round(lat, 9))
        kept = (
            stored.cell,
            stored.code,
            stored.name,
            stored.radius_m,
            round(stored.lon, 9),
            round(stored.lat, 9),
        )
        if said != kept or makers != [actor.signature]:
            raise IdReused(id=id)
        return stored, False
    tell_changed(session, actor.district, actor.signature, stored, "created", at)
    return stored, True


def change_checkpoint(
    session: Session,
    *,
    actor: Actor,
    id: CheckpointId,
    at: datetime,
    name: str | None = None,
    point: Point | None = None,
    radius_m: Metres | None = None,
    asks_proof: bool | None = None,
) -> Checkpoint:
    """Rename, move or resize a checkpoint, or ask for a second proof there (None keeps).

    Verdicts already given stay, and what was observed before is judged by how it stood then.

    Raises: NotAllowed, CheckpointNotFound, CheckpointRetired, CheckpointOutsideCell,
    ProofCodeNotIssued.
    Records: CheckpointChanged.
    """
    before = _of(session, actor, id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = name
    if radius_m is not None:
        values["radius_m"] = radius_m
    if asks_proof is not None:
        if asks_proof and id not in proof_codes(session, actor.district, [id]):
            # Nobody could check in there any more.
            raise ProofCodeNotIssued(checkpoint=str(id))
        values["asks_proof"] = asks_proof
    if point is not None:
        values["point"] = shapely.Point(*_inside(session, actor, before.cell, point, at))
    if values:
        _keep(session, actor, id, at)
        _update(session, actor, id, values)
    changed = queries.checkpoint(session, actor.district, id)
    tell_changed(session, actor.district, actor.signature, changed, "changed", at)
    return changed


def retire_checkpoint(session: Session, *, actor: Actor, id: CheckpointId, at: datetime) -> None:
    """Retire a checkpoint: nobody checks in there any more, what was judged there stays.

    Raises: NotAllowed, CheckpointNotFound, CheckpointRetired.  Records: CheckpointChanged.
    """
    _of(session, actor, id)
    _update(session, actor, id, {"retired_at": at})
    retired = queries.checkpoint(session, actor.district, id)
    tell_changed(session, actor.district, actor.signature, retired, "retired", at)


def _of(session: Session, actor: Actor, id: CheckpointId) -> Checkpoint:
    found = queries.checkpoint(session, actor.district, id)
    may(actor, "checkpoints.write", area=found.cell)
    return found


def _keep(session: Session, actor: Actor, id: CheckpointId, at: datetime) -> None:
    """Remember how a checkpoint has stood until now; whoever else changes it waits."""
    same = (CheckpointRow.district == actor.district, CheckpointRow.id == id)
    session.execute(select(CheckpointRow.id).where(*same).with_for_update())
    stood = select(
        CheckpointRow.district,
        CheckpointRow.id,
        literal(at, UtcInstant),
        *(getattr(CheckpointRow, name) for name in KEPT),
    ).where(*same)
    session.execute(
        pg_insert(CheckpointWasRow)
        .from_select(["district", "checkpoint", "until", *KEPT], stood)
        .on_conflict_do_nothing()
    )


def _update(session: Session, actor: Actor, id: CheckpointId, values: dict[str, Any]) -> None:
    done = session.execute(
        update(CheckpointRow)
        .where(
            CheckpointRow.district == actor.district,
            CheckpointRow.id == id,
            CheckpointRow.retired_at.is_(None),
        )
        .values(**values)
        .returning(CheckpointRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if done is None:
        raise CheckpointRetired(checkpoint=str(id))


def _inside(
    session: Session, actor: Actor, cell: CellCode, point: Point, at: datetime
) -> tuple[float, float]:
    """The WGS-84 degrees of a point that must lie in a cell."""
    lon, lat = to_wgs84(point)
    district = hierarchy.district(session, actor.district)
    on = civil_date(at, district.time_zone)
    plan = hierarchy.plan_in_force(session, district.code, on)
    grid = queries.grid_of(session, district.code, plan.id)
    if grid.index(cell) is None:
        raise CellNotFound(cell=cell, on=on.isoformat())
    located = grid.cell_at(lon, lat)
    if located != cell:
        raise CheckpointOutsideCell(cell=cell, located_cell=located)
    return lon, lat


def tell_changed(
    session: Session,
    district: DistrictCode,
    by: str,
    checkpoint: Checkpoint,
    what: str,
    at: datetime,
) -> None:
    """Record how a checkpoint stands now, and what was done: created, changed or retired."""
    record(
        session,
        CheckpointChanged(
            id=checkpoint.id,
            district=district,
            at=at,
            actor=by,
            origin=checkpoint.origin,
            area=checkpoint.cell,
            body={
                "id": str(checkpoint.id),
                "what": what,
                "cell": checkpoint.cell,
                "code": checkpoint.code,
                "name": checkpoint.name,
                "lon": checkpoint.lon,
                "lat": checkpoint.lat,
                "radius_m": checkpoint.radius_m,
                "asks_proof": checkpoint.asks_proof,
            },
        ),
    )
