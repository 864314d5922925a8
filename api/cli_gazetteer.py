# SPDX-License-Identifier: Apache-2.0
"""`wangge import --level gazetteer` and `wangge gazetteer`: places in, their versions, and back."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.options import Home, district_among, language, settings_with
from api.say import Teller
from api.texts import Language, say
from geo.interchange.places import BadRow
from geo.interchange.rules import Repair

if TYPE_CHECKING:
    from geo.interchange.gazetteering import PlacesStored
    from geo.interchange.places import PlacesFile

app = typer.Typer(
    help="The versions of the gazetteer, and going back to one.", no_args_is_help=True
)

# More bad rows than these are counted: whoever mends them begins at the top.
_BAD_ROWS_SHOWN = 50
# A large file on a busy machine.
_STATEMENT_S = 300.0
District = Annotated[
    str | None, typer.Option("--district", help="District code; needed when there are several.")
]


class _DryRun(Exception):
    """Leaves a transaction so that nothing of it stays."""


def bring_in_places(
    file: Path,
    *,
    crs: str | None,
    encoding: str | None,
    names: Mapping[str, str],
    district: str | None,
    skip_bad: bool,
    dry_run: bool,
    home: Path | None,
    repair_table: Callable[[Sequence[Repair], Language], Table],
) -> None:
    """Bring streets, house numbers, estates, landmarks and their names in from a file."""
    from api.database import opened, refuse_absent
    from api.texts.terminal import line
    from geo.accounts.rules import SYSTEM_ACTOR
    from geo.clock import SystemClock, civil_date
    from geo.hierarchy.queries import district as district_of
    from geo.interchange.gazetteering import RowsBad, store_places
    from geo.interchange.places import prepare_places
    from geo.interchange.read import Asked

    teller, spoken = Teller(), language()
    settings = settings_with(home=home)
    refuse_absent(settings)
    at = SystemClock().now()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=teller.console,
        transient=True,
    ) as progress:
        task = progress.add_task(file.name, total=None)
        prepared = prepare_places(
            file,
            asked=Asked(crs, encoding),
            names=names,
            told=lambda done, total: progress.update(task, completed=done, total=total),
        )
    teller.line(f"  {file.name}: {', '.join(prepared.said)}")
    try:
        with (
            opened(settings, statement_timeout_s=_STATEMENT_S) as database,
            database.transaction() as session,
        ):
            code = district_among(session, district)
            today = civil_date(at, district_of(session, code).time_zone)
            with teller.step(line("import.checking" if dry_run else "import.storing", spoken)):
                stored = store_places(
                    session,
                    prepared,
                    district=code,
                    on=today,
                    at=at,
                    by=SYSTEM_ACTOR,
                    skip_bad=skip_bad,
                )
            if prepared.bad:
                teller.console.print(bad_row_table(prepared.bad, prepared.by_line, spoken))
            if stored.repairs:
                teller.console.print(repair_table(stored.repairs, spoken))
            teller.line(_outcome(prepared, stored, spoken))
            if dry_run:
                raise _DryRun
    except _DryRun:
        teller.line(line("gazetteer.accepted", spoken))
    except RowsBad as refused:
        teller.console.print(bad_row_table(refused.rows, prepared.by_line, spoken))
        raise


def bad_row_table(rows: Sequence[BadRow], by_line: bool, spoken: Language) -> Table:
    """Every bad row by its line: what is wrong with it and how to mend it."""
    from api.texts.terminal import BAD_FEATURES, BAD_ROWS

    table = Table(*(BAD_ROWS if by_line else BAD_FEATURES)[spoken])
    for row in rows[:_BAD_ROWS_SHOWN]:
        said = say(row.code, row.fields, spoken)
        table.add_row(str(row.line), said.title, said.detail)
    if len(rows) > _BAD_ROWS_SHOWN:
        table.add_row(f"+{len(rows) - _BAD_ROWS_SHOWN}", "…", "")
    return table


@app.command()
def versions(district: District = None, home: Home = None) -> None:
    """List the versions, the newest first: who changed how much, when and how."""
    from api.database import opened
    from api.texts.terminal import VERSION_KINDS, VERSIONS
    from geo.clock import rfc3339
    from geo.gazetteer.versions import versions as of_district

    teller, spoken = Teller(), language()
    with opened(settings_with(home=home)) as database, database.snapshot() as session:
        found = of_district(session, district_among(session, district))
    table = Table(*VERSIONS[spoken])
    for one in found:
        what = VERSION_KINDS[one.kind][spoken]
        source = one.source if one.restored is None else f"→ {one.restored}"
        counts = f"+{one.added} ~{one.changed} -{one.retired}"
        table.add_row(str(one.number), rfc3339(one.at), one.by, f"{what} {source}".strip(), counts)
    teller.console.print(table)


@app.command()
def restore(
    number: Annotated[int, typer.Argument(help="The version to go back to.", min=1)],
    district: District = None,
    home: Home = None,
) -> None:
    """Make the gazetteer what it was in an older version; nothing is lost."""
    from api.database import opened
    from api.texts.terminal import line
    from geo.accounts.rules import SYSTEM_ACTOR
    from geo.clock import SystemClock
    from geo.gazetteer.versions import go_back

    with (
        opened(settings_with(home=home), statement_timeout_s=_STATEMENT_S) as database,
        database.transaction() as session,
    ):
        made = go_back(
            session,
            district_among(session, district),
            number,
            by=SYSTEM_ACTOR,
            at=SystemClock().now(),
        )
    fields = {"number": made.number, "restored": number}
    Teller().line(line("gazetteer.restored", language(), **fields))


def _outcome(prepared: "PlacesFile", stored: "PlacesStored", spoken: Language) -> str:
    from api.texts.terminal import line

    if stored.version is None:
        return line("gazetteer.nothing_new", spoken, file=prepared.name)
    return line(
        "gazetteer.stored",
        spoken,
        number=stored.version.number,
        added=stored.version.added,
        changed=stored.version.changed,
        rows=prepared.rows,
    )
