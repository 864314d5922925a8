# SPDX-License-Identifier: Apache-2.0
"""Whose cell a draft changes: buildings, holders, checkpoints and incidents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from geo.hierarchy.rules import Building
from geo.ids import WorkerId
from geo.impact.following import Dwelling, Following, whereabouts
from geo.impact.rules import (
    Candidate,
    Fate,
    Flow,
    Loss,
    MovedBuilding,
    MovedIncident,
    OrphanedCheckpoint,
    People,
    Proposal,
    TouchedAssignment,
    Workers,
    first,
)
from geo.incidents.rules import Incident
from geo.patrol.records import Checkpoint
from geo.plans.rules import Division
from geo.workforce.rules import Assignment, AssignmentRole


def dwellings(buildings: Iterable[Building], division: Division) -> tuple[Dwelling, ...]:
    """The buildings that stand in both plans, with their cells."""
    now = {id: cell.code for cell in division.cells.values() for id in cell.buildings}
    return tuple(
        Dwelling(one.id, one.cell, now[one.id], one.households)
        for one in buildings
        if one.id in now
    )


def holders_of(assignments: Iterable[Assignment]) -> dict[str, WorkerId]:
    """Who holds which cell, by its code, of assignments of one moment."""
    return {one.cell: one.worker for one in assignments if one.role is AssignmentRole.HOLDER}


def fate(follow: Following, cell: str) -> Fate | None:
    """What becomes of a cell of the base; None: it stays as it is."""
    heirs = follow.heirs.get(cell, ())
    if not heirs:
        return Fate.GONE
    if len(heirs) > 1:
        return Fate.SPLIT
    if cell in follow.kept:
        return None if heirs == (cell,) else Fate.RECODED
    if heirs == (cell,):
        return Fate.RESHAPED
    return Fate.MERGED if len(follow.division.cells[heirs[0]].came_from) > 1 else Fate.FOLLOWED


def people(
    follow: Following, buildings: Iterable[Building], holders: Mapping[str, WorkerId]
) -> People:
    """Buildings and households that change cell, get another holder, or another code alone."""
    standing = {one.id: one for one in buildings}
    proposed = _proposed(follow, holders)
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in follow.dwellings:
        if one.before != one.after:
            counts[one.before, one.after][0] += 1
            counts[one.before, one.after][1] += one.households
    moving = {key for key in counts if follow.moves(*key)}
    other = sum(
        households
        for (old, new), (_, households) in counts.items()
        if proposed.get(new) != holders.get(old)
    )
    flows = sorted(
        (Flow(*key, *counts[key]) for key in moving),
        key=lambda flow: (-flow.households, -flow.buildings, flow.before, flow.after),
    )
    moved = []
    for one in follow.dwellings:
        if (one.before, one.after) in moving:
            building = standing[one.id]
            lon, lat = building.footprint.representative_point().coords[0]
            moved.append(
                MovedBuilding(
                    one.id,
                    building.name,
                    one.households,
                    one.before,
                    one.after,
                    round(lon, 7),
                    round(lat, 7),
                )
            )
    renamed = [counts[key] for key in counts if key not in moving]
    return People(
        buildings=sum(flow.buildings for flow in flows),
        households=sum(flow.households for flow in flows),
        of_another_holder=other,
        renamed_buildings=sum(count for count, _ in renamed),
        renamed_households=sum(households for _, households in renamed),
        flows=first(flows),
        moved=first(moved),
    )


def workers(
    follow: Following, assignments: Sequence[Assignment], names: Mapping[WorkerId, str]
) -> Workers:
    """The assignments (as they stand now) that a draft touches, and who would hold what."""
    holders = holders_of(assignments)
    households = Counter[str]()
    homes = Counter[str]()
    for dwelling in follow.dwellings:
        households[dwelling.before] += dwelling.households
        homes[dwelling.after] += dwelling.households
    # The cells that people come to or go from.
    peopled = {
        code
        for one in follow.dwellings
        if one.before != one.after
        for code in (one.before, one.after)
    }
    proposals = [
        _proposal(follow, new, homes[new], holders, names) for new in sorted(follow.changed)
    ]
    gets: dict[WorkerId | None, list[str]] = defaultdict(list)
    for proposal in proposals:
        gets[proposal.holder].append(proposal.cell)
    touched = []
    for one in sorted(assignments, key=lambda one: (one.cell, one.role, str(one.worker))):
        become = fate(follow, one.cell) if one.cell in follow.heirs else Fate.GONE
        if become is not None:
            heirs = follow.heirs.get(one.cell, ())
            if one.role is AssignmentRole.HOLDER:
                his = [new for new in heirs if new in gets[one.worker]]
            else:
                his = [follow.successor(one.cell) or ""]
            touched.append(
                TouchedAssignment(
                    one.worker,
                    names.get(one.worker, ""),
                    one.role,
                    one.cell,
                    become,
                    heirs,
                    households[one.cell],
                    sum(homes[new] for new in his),
                    become is Fate.RESHAPED and one.cell not in peopled,
                )
            )
    # Those whose people change first; those of many households before those of few.
    touched.sort(
        key=lambda one: (one.border_only, -abs(one.households_after - one.households_before))
    )
    everybody = {one.worker for one in touched}
    return Workers(
        workers=len(everybody),
        border_only=len(everybody - {one.worker for one in touched if not one.border_only}),
        assignments=first(touched),
        proposals=first(proposals),
    )


def orphaned(follow: Following, checkpoints: Sequence[Checkpoint]) -> list[OrphanedCheckpoint]:
    """The checkpoints in use whose cell is gone, or which lie in another one in the draft."""
    found = []
    places = whereabouts((one.lon, one.lat) for one in checkpoints)
    homes = follow.homes(*places)
    for one, home in zip(checkpoints, homes, strict=True):
        if home != one.cell:
            gone = one.cell not in follow.division.cells
            loss = Loss.CELL_GONE if gone else Loss.ELSEWHERE
            found.append(
                OrphanedCheckpoint(
                    one.id, one.code, one.name, loss, one.cell, home, one.lon, one.lat
                )
            )
    return sorted(found, key=lambda one: (one.before, one.code))


def moved_incidents(follow: Following, incidents: Sequence[Incident]) -> list[MovedIncident]:
    """The incidents that come to another cell: with the land, or without a place with the cell."""
    placed = [one for one in incidents if one.lon is not None and one.lat is not None]
    places = whereabouts((one.lon or 0.0, one.lat or 0.0) for one in placed)
    homes = dict(zip((one.id for one in placed), follow.homes(*places), strict=True))
    found = []
    for one in incidents:
        if one.cell is None:
            continue
        home = homes[one.id] if one.id in homes else follow.successor(one.cell)
        if home != one.cell:
            found.append(
                MovedIncident(
                    one.id, one.category, one.severity, one.status, one.cell, home, one.lon, one.lat
                )
            )
    return found


def _proposed(follow: Following, holders: Mapping[str, WorkerId]) -> dict[str, WorkerId | None]:
    return {
        new: next((holders[old] for old in follow.predecessors(new) if old in holders), None)
        for new in follow.division.cells
    }


def _proposal(
    follow: Following,
    new: str,
    households: int,
    holders: Mapping[str, WorkerId],
    names: Mapping[WorkerId, str],
) -> Proposal:
    candidates = tuple(
        Candidate(holders[old], names.get(holders[old], ""), old, follow.households(old, new))
        for old in follow.predecessors(new)
        if old in holders
    )
    return Proposal(
        cell=new,
        name=follow.division.cells[new].name,
        households=households,
        holder=candidates[0].worker if candidates else None,
        candidates=candidates,
    )
