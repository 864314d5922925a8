# SPDX-License-Identifier: Apache-2.0
"""The official documents of a plan, drawn from what is stored: table of changes, map sheets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from geo.errors import Conflict
from geo.gazetteer import queries as gazetteer
from geo.hierarchy import queries as hierarchy
from geo.hierarchy.succession import lineage
from geo.ids import DistrictCode
from geo.impact.following import Dwelling, Following, draft_grid
from geo.interchange.plan_changes import Changes, changes_between
from geo.interchange.plan_sheets import Surroundings, font_file, map_sheets
from geo.interchange.plan_table import Heading, change_table
from geo.plans import queries
from geo.plans.drafts import PlanEntry
from geo.plans.numbering import final_codes
from geo.plans.rules import AreaUnknown, Division, Ground


class NoBase(Conflict):
    """The plan was not drawn here: there is none that it changes."""

    code = "plan.no_base"


@dataclass(frozen=True)
class _Papers:
    """A plan beside the one it changes. `codes`: what its provisional codes are to be."""

    now: Division
    base: Division
    ground: Ground
    codes: dict[str, str]
    changes: Changes
    heading: Heading


def table_of(session: Session, district: DistrictCode, plan: PlanEntry, *, drawn_on: date) -> bytes:
    """What a plan changes, as XLSX. Provisional codes are those that publishing now would give.

    Raises: NoBase, CodesUsedUp.
    """
    papers = _papers(session, district, plan, drawn_on)
    names = {
        papers.codes.get(code, code): upper.name
        for upper_of in (papers.base, papers.now)
        for code, upper in upper_of.uppers.items()
    }
    moved = {move.building for move in papers.changes.moves}
    standing = hierarchy.buildings(session, district, plan.base or plan.id)
    buildings = {one.id: one for one in standing if one.id in moved}
    return change_table(papers.changes, papers.heading, names=names, buildings=buildings)


def sheets_of(
    session: Session,
    district: DistrictCode,
    plan: PlanEntry,
    *,
    drawn_on: date,
    within: str | None = None,
    report: Callable[[float], None] | None = None,
) -> bytes:
    """The map sheets of a plan as PDF, of all communities or those within an area.

    `report` hears how much of them is drawn (0 to 1). Raises: NoBase, CodesUsedUp, AreaUnknown.
    """
    communities = communities_within(session, district, plan, within)
    papers = _papers(session, district, plan, drawn_on)
    surroundings = Surroundings(
        gazetteer.streets(session, district), gazetteer.terrain(session, district)
    )
    return map_sheets(
        papers.now,
        papers.base,
        papers.ground,
        surroundings,
        papers.changes,
        papers.heading,
        codes=papers.codes,
        communities=communities,
        font=font_file(),
        report=report,
    )


def communities_within(
    session: Session, district: DistrictCode, plan: PlanEntry, within: str | None
) -> list[str]:
    """The codes of the communities of a plan with a sheet each. Raises: NoBase, AreaUnknown."""
    if plan.base is None:
        raise NoBase(plan=plan.name)
    there = {cell.community for cell in queries.division(session, district, plan).cells.values()}
    found = sorted(code for code in there if code.startswith(within or ""))
    if not found:
        raise AreaUnknown(area=within)
    return found


def _papers(session: Session, district: DistrictCode, plan: PlanEntry, drawn_on: date) -> _Papers:
    if plan.base is None:
        raise NoBase(plan=plan.name)
    now = queries.division(session, district, plan)
    base = queries.base_of(session, district, plan)
    ground = queries.ground(session, district, plan)
    codes = final_codes(now, hierarchy.all_codes(session, district))
    origins = lineage(session, district, plan.id)
    # A published plan holds what its cells came from beside them.
    known = [
        replace(now.cells[code], came_from=tuple(olds))
        for code, olds in origins.items()
        if code in now.cells
    ]
    if known:
        now = now.with_cells(changed=known)
    grids = (draft_grid(base, plan.base, ground.srid), draft_grid(now, plan.id, ground.srid))
    home = hierarchy.district(session, district)
    heading = Heading(
        district=home.name,
        plan=plan.name,
        base=queries.entry(session, district, plan.base).name,
        begins_on=plan.begins_on,
        drawn_on=drawn_on,
    )
    return _Papers(
        now=now,
        base=base,
        ground=ground,
        codes=codes,
        changes=changes_between(
            base, now, ground, codes, Following(now, *grids, _dwellings(base, now, ground)).moves
        ),
        heading=heading,
    )


def _dwellings(base: Division, now: Division, ground: Ground) -> tuple[Dwelling, ...]:
    """The buildings that both plans have in a cell."""
    arrived = {id: cell.code for cell in now.cells.values() for id in cell.buildings}
    return tuple(
        Dwelling(id, cell.code, arrived[id], ground.households([id]))
        for cell in base.cells.values()
        for id in cell.buildings
        if id in arrived and id in ground.houses
    )
