# SPDX-License-Identifier: Apache-2.0
"""`wangge plan`: a plan drawn elsewhere comes in as a draft, and any plan goes out to files."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.options import Home, district_among, language, settings_with
from api.say import Teller
from api.texts import Language
from geo.ids import Level, PlanId
from geo.interchange.rules import Format

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.accounts.rules import Actor
    from geo.ids import DistrictCode
    from geo.plans.drafts import PlanEntry
    from geo.plans.problems import Problem

app = typer.Typer(no_args_is_help=True, help="Plans in files: in as a draft, out again.")

District = Annotated[
    str | None, typer.Option("--district", help="District code; needed when there are several.")
]
Which = Annotated[
    UUID | None, typer.Option("--plan", help="Id of a plan or draft; default the one in force.")
]
# More than these of one kind are summed up in a line.
_ROWS_OF_A_KIND = 12
# Opening the plan, a layer or three, fitting, checking, mending.
_STEPS = 7
_STATEMENT_S = 300.0


class _DryRun(Exception):
    """Leaves a transaction so that nothing of it stays."""


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="A .zip, .shp, .gpkg or .geojson file of cells.")],
    name: Annotated[str | None, typer.Option(help="What the draft is called.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Carry out every repair that is proposed.")
    ] = False,
    plan: Which = None,
    crs: Annotated[str | None, typer.Option(help="EPSG code, against what the file says.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the texts, against what the file says: GBK, UTF-8.")
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=NAME: code, name, parent or aliases stands in NAME."),
    ] = None,
    district: District = None,
    dry_run: Annotated[bool, typer.Option(help="Check and report; store nothing.")] = False,
    home: Home = None,
) -> None:
    """Bring in the cells of a plan, or some of them, as a draft; say what is wrong with it."""
    from api.cli_exchange import names_said, repair_table
    from api.database import opened, refuse_absent, take_time
    from api.texts.terminal import line
    from geo.clock import SystemClock
    from geo.interchange.plan_files import read_plan
    from geo.interchange.read import Asked
    from geo.plans import actions, queries
    from geo.plans.edits import Repair
    from geo.plans.problems import problems

    teller, spoken = Teller(), language()
    names = names_said(map_ or [])
    settings = settings_with(home=home)
    refuse_absent(settings)
    now = SystemClock().now()
    try:
        with (
            opened(settings, statement_timeout_s=_STATEMENT_S) as database,
            database.transaction() as session,
            _Bar(teller, file.name) as bar,
        ):
            take_time(session)
            code = district_among(session, district)
            base = _plan(session, code, plan)
            before = queries.division(session, code, base)
            ground = queries.ground(session, code, base)
            bar.step(line("plan.reading", spoken))
            found = read_plan(
                file, before, ground, asked=Asked(crs, encoding), names=names, told=bar.step
            )
            draft = actions.import_draft(
                session,
                actor=_terminal(code),
                id=PlanId(uuid4()),
                name=name or f"导入 {file.name[:80]}",
                based_on=base.id,
                division=found.division,
                asked={"file": file.name},
                outcome=found.as_fields(),
                at=now,
            )
            bar.step(line("plan.checking", spoken))
            left = problems(found.division, ground)
            bar.say(f"  {file.name}: {', '.join(found.said)}")
            if found.notes:
                bar.print(repair_table(found.notes, spoken))
            counts = {"kept": len(found.kept), "retired": len(found.retired)}
            bar.say(
                line("plan.fitted", spoken, read=found.read, issued=len(found.issued), **counts)
            )
            if left:
                bar.print(problem_table(left, spoken))
            ids = tuple(one.id for one in left if one.repair is not None)
            if repair and ids:
                bar.step(line("plan.mending", spoken))
                assert draft.revision is not None
                draft, edited = actions.edit_draft(
                    session,
                    actor=_terminal(code),
                    plan=draft.id,
                    revision=draft.revision,
                    edit=Repair(ids),
                    asked={"op": "repair", "repairs": list(ids)},
                    at=now,
                )
                left = problems(edited.division, ground)
                size = f"{edited.moved_m2 or 0:.1f}"
                bar.say(line("plan.mended", spoken, count=len(ids), size=size))
                if left:
                    bar.print(problem_table(left, spoken))
            bar.say(line("plan.left" if left else "plan.sound", spoken, count=len(left)))
            if dry_run:
                raise _DryRun
    except _DryRun:
        teller.line(line("plan.accepted", spoken))
        return
    teller.line(line("plan.drafted", spoken, name=draft.name, id=draft.id))


@app.command("export")
def take_out(
    out: Annotated[Path, typer.Argument(help="A .zip, .gpkg, .shp, .geojson file or a folder.")],
    plan: Which = None,
    level: Annotated[Level | None, typer.Option(help="One level alone; default all.")] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: by the name of OUT.")
    ] = None,
    district: District = None,
    home: Home = None,
) -> None:
    """Write a plan or a draft as files; `wangge plan import` takes them back unchanged."""
    from api.database import opened, take_time
    from api.texts.terminal import line
    from geo.hierarchy.queries import buildings
    from geo.interchange.export import format_of, refuse_target, sidecar_of
    from geo.interchange.plan_export import write_division
    from geo.plans import queries

    teller, spoken = Teller(), language()
    chosen = format_of(out, form)
    refuse_target(out)
    with (
        opened(settings_with(home=home), statement_timeout_s=_STATEMENT_S) as database,
        database.snapshot() as session,
        _Bar(teller, out.name) as bar,
    ):
        take_time(session)
        code = district_among(session, district)
        found = _plan(session, code, plan)
        bar.step(line("plan.reading", spoken))
        division = queries.division(session, code, found)
        ground = queries.ground(session, code, found)
        houses = buildings(session, code, found.base or found.id)
        bar.step(line("export.writing", spoken, file=out.name))
        written = write_division(out, division, ground, houses, chosen, level=level)
    layers = ", ".join(written)
    teller.line(line("export.written", spoken, plan=found.name, layers=layers, file=out))
    sidecar = sidecar_of(out)
    if sidecar is not None:
        teller.line(line("export.sidecar", spoken, file=sidecar))


@app.command("documents")
def documents(
    plan: Annotated[UUID, typer.Option("--plan", help="Id of a draft, or of a plan drawn here.")],
    table: Annotated[
        Path | None, typer.Option(help="Write the table of changes to this .xlsx file.")
    ] = None,
    sheets: Annotated[
        Path | None, typer.Option(help="Write the map sheets to this .pdf file.")
    ] = None,
    within: Annotated[
        str | None, typer.Option(help="Sheets of one community or subdistrict alone.")
    ] = None,
    district: District = None,
    home: Home = None,
) -> None:
    """Write the official documents of a plan: its table of changes, a map sheet a community."""
    from api.database import opened, take_time
    from api.texts.terminal import line
    from geo.clock import SystemClock, civil_date
    from geo.hierarchy import queries as hierarchy
    from geo.interchange.export import refuse_target
    from geo.interchange.plan_documents import sheets_of, table_of

    teller, spoken = Teller(), language()
    if table is None and sheets is None:
        raise typer.BadParameter("--table FILE.xlsx, --sheets FILE.pdf", param_hint="--table")
    for out in (table, sheets):
        if out is not None:
            refuse_target(out)
    with (
        opened(settings_with(home=home), statement_timeout_s=_STATEMENT_S) as database,
        database.snapshot() as session,
    ):
        take_time(session)
        code = district_among(session, district)
        found = _plan(session, code, plan)
        today = civil_date(SystemClock().now(), hierarchy.district(session, code).time_zone)
        if table is not None:
            with teller.step(line("export.writing", spoken, file=table.name)):
                table.write_bytes(table_of(session, code, found, drawn_on=today))
        if sheets is not None:
            with teller.step(line("export.writing", spoken, file=sheets.name)):
                body = sheets_of(session, code, found, drawn_on=today, within=within)
                sheets.write_bytes(body)


def problem_table(problems: Sequence["Problem"], spoken: Language) -> Table:
    """Every problem by what, which areas, size, proposed repair, place; many of a kind as a sum."""
    from api.texts.terminal import DETAILS, MENDS, PROBLEMS

    table = Table(*PROBLEMS[spoken])
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.detail].append(problem)
    for found in kinds.values():
        largest = sorted(found, key=lambda problem: -problem.size_m2)
        for problem in largest[:_ROWS_OF_A_KIND]:
            name, _, code = (problem.repair or "").partition(":")
            mend = MENDS[name][spoken].format(code=code) if name else ""
            said = problem.as_fields()
            table.add_row(
                DETAILS[problem.detail][spoken],
                " ".join(problem.areas[:3]) + (" …" if len(problem.areas) > 3 else ""),
                f"{problem.size_m2:.2f}",
                mend,
                f"{said['lon']:.6f}, {said['lat']:.6f}",
            )
        rest = largest[_ROWS_OF_A_KIND:]
        if rest:
            size = sum(problem.size_m2 for problem in rest)
            table.add_row(DETAILS[rest[0].detail][spoken], f"+{len(rest)}", f"{size:.2f}", "", "")
    return table


class _Bar:
    """A bar that shows how far the work is, and lines that stay above it."""

    def __init__(self, teller: Teller, name: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=teller.console,
            transient=True,
        )
        self._task = self._progress.add_task(name, total=_STEPS)

    def __enter__(self) -> "_Bar":
        self._progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def step(self, text: str) -> None:
        self._progress.update(self._task, advance=1, description=text)

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False)

    def print(self, table: Table) -> None:
        self._progress.console.print(table)


def _plan(session: "Session", district: "DistrictCode", plan: UUID | None) -> "PlanEntry":
    from geo.clock import SystemClock, civil_date
    from geo.hierarchy import queries as hierarchy
    from geo.plans import queries

    if plan is not None:
        return queries.entry(session, district, PlanId(plan))
    home = hierarchy.district(session, district)
    today = civil_date(SystemClock().now(), home.time_zone)
    in_force = hierarchy.plan_in_force(session, district, today)
    return queries.entry(session, district, in_force.id)


def _terminal(district: "DistrictCode") -> "Actor":
    """Who acts at the terminal: whoever may run commands there may do all that an admin may."""
    from geo.accounts.rules import Actor, Role

    return Actor(UUID(int=0), district, "terminal", Role.ADMIN, district)
