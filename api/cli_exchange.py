# SPDX-License-Identifier: Apache-2.0
"""`wangge import` and `wangge export`: a district's own files in, and out again."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.options import Home, language, settings_with
from api.say import Teller
from api.texts import Language, say
from geo.ids import DistrictCode, Level
from geo.interchange.rules import AREA_LAYERS, TOLERANCE, Format, Repair
from geo.service_user import SetUpError
from geo.units import Metres

if TYPE_CHECKING:
    from geo.interchange.folder import DistrictFolder
    from geo.interchange.imports import OneLevel, Stored

District = Annotated[
    str | None, typer.Option("--district", help="District code; needed when there are several.")
]
# More than these of one kind in one layer are summed up in a line.
_ROWS_OF_A_KIND = 12
# Reading, mending and storing, and one step for each further layer of a whole district.
_STEPS = 12
# A large district on a busy machine.
_STATEMENT_S = 300.0


class Content(StrEnum):
    """What a file holds: areas of a level, or places for the gazetteer."""

    DISTRICT = Level.DISTRICT.value
    SUBDISTRICT = Level.SUBDISTRICT.value
    COMMUNITY = Level.COMMUNITY.value
    CELL = Level.CELL.value
    BUILDING_GROUP = Level.BUILDING_GROUP.value
    GAZETTEER = "gazetteer"


class _DryRun(Exception):
    """Leaves a transaction so that nothing of it stays."""


def bring_in(
    file: Annotated[
        Path,
        typer.Argument(
            help="A .zip, .shp, .gpkg or .geojson file, a folder of layers, or a .csv of places."
        ),
    ],
    level: Annotated[
        Content | None,
        typer.Option(help="What the areas are, when the file does not tell; gazetteer: places."),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="EPSG code, against what the file says: EPSG:4550; places: gcj02, bd09."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the texts, against what the file says: GBK, UTF-8.")
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=NAME: code, name, households or aliases stands in NAME."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option(help="Of places: leave bad rows out instead of refusing the file.")
    ] = False,
    district: District = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The plan's first day; default today."),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(min=0.0, max=50.0, help="Gaps and overlaps up to so many metres are closed."),
    ] = TOLERANCE,
    dry_run: Annotated[bool, typer.Option(help="Check and report; store nothing.")] = False,
    home: Home = None,
) -> None:
    """Bring in a district, one more level of one, or places, from files of its own."""
    from api.cli_gazetteer import bring_in_places
    from api.database import opened, refuse_absent
    from api.texts.terminal import line
    from geo.accounts.rules import SYSTEM_ACTOR
    from geo.clock import SystemClock
    from geo.interchange.folder import DistrictFolder
    from geo.interchange.imports import prepare, store
    from geo.interchange.read import Asked

    teller, spoken = Teller(), language()
    names = names_said(map_ or [])
    if level is Content.GAZETTEER:
        bring_in_places(
            file,
            crs=crs,
            encoding=encoding,
            names=names,
            district=district,
            skip_bad=skip_bad,
            dry_run=dry_run,
            home=home,
            repair_table=repair_table,
        )
        return
    settings = settings_with(home=home)
    # Before minutes of reading.
    refuse_absent(settings)
    at = SystemClock().now()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=teller.console,
        transient=True,
    ) as progress:
        task = progress.add_task(file.name, total=_STEPS)
        prepared = prepare(
            file,
            level=None if level is None else Level(level.value),
            asked=Asked(crs, encoding),
            names=names,
            tolerance=Metres(tolerance),
            told=lambda layer: progress.update(task, advance=1, description=layer),
        )
    said = (
        prepared.said
        if isinstance(prepared, DistrictFolder)
        else {prepared.layer.name: prepared.layer.said}
    )
    for layer, how in said.items():
        teller.line(f"  {layer}: {', '.join(how)}")
    first_day = since.date() if since else _today(at)
    try:
        with (
            opened(settings, statement_timeout_s=_STATEMENT_S) as database,
            database.transaction() as session,
        ):
            with teller.step(line("import.checking" if dry_run else "import.storing", spoken)):
                stored = store(
                    session,
                    prepared,
                    at=at,
                    in_force_from=first_day,
                    by=SYSTEM_ACTOR,
                    district=None if district is None else DistrictCode(district),
                    tolerance=Metres(tolerance),
                    plan_name=f"导入 {file.name[:80]}",
                )
            if stored.repairs:
                teller.console.print(repair_table(stored.repairs, spoken))
            teller.console.print(summary_table(prepared, stored, spoken))
            if dry_run:
                raise _DryRun
    except _DryRun:
        teller.line(line("import.accepted", spoken, since=first_day))
        return
    teller.line(
        line(
            "import.stored",
            spoken,
            districts=", ".join(stored.districts),
            since=first_day,
            repairs=len(stored.repairs),
        )
    )


def take_out(
    out: Annotated[Path, typer.Argument(help="A .zip, .gpkg, .shp, .geojson file or a folder.")],
    level: Annotated[Level | None, typer.Option(help="One level alone; default all.")] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: by the name of OUT.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The plan in force that day; default today."),
    ] = None,
    district: District = None,
    home: Home = None,
) -> None:
    """Write the plan in force as files; `wangge import` takes them back unchanged."""
    from api.database import opened
    from api.texts.terminal import line
    from geo.clock import SystemClock
    from geo.hierarchy.queries import areas, buildings, districts, plan_in_force
    from geo.interchange.export import format_of, refuse_target, sidecar_of, write_plan

    teller, spoken = Teller(), language()
    chosen = format_of(out, form)
    refuse_target(out)
    with opened(settings_with(home=home)) as database, database.snapshot() as session:
        known = [found.code for found in districts(session)]
        code = district or (known[0] if len(known) == 1 else None)
        if code not in known:
            raise SetUpError(
                f"Say which district with --district CODE. Loaded: {', '.join(known) or 'none'}."
            )
        found = DistrictCode(code)
        plan = plan_in_force(session, found, on.date() if on else _today(SystemClock().now()))
        whole = areas(session, found, plan.id, level=level)
        houses = buildings(session, found, plan.id) if level is None else []
    with teller.step(line("export.writing", spoken, file=out.name)):
        written = write_plan(out, whole, houses, chosen)
    teller.line(line("export.written", spoken, plan=plan.name, layers=", ".join(written), file=out))
    sidecar = sidecar_of(out)
    if sidecar is not None:
        teller.line(line("export.sidecar", spoken, file=sidecar))


def summary_table(
    prepared: "DistrictFolder | OneLevel", stored: "Stored", language: Language
) -> Table:
    """What came in: of each level how many areas, their codes and repairs; then the rest."""
    from api.texts.terminal import LEVELS, SUMMARY
    from geo.interchange.folder import DistrictFolder

    table = Table(*SUMMARY[language])
    repaired = Counter(repair.layer for repair in stored.repairs)
    for layer, level in AREA_LAYERS.items():
        codes = sorted(area.code for area in stored.areas if area.level is level)
        if codes:
            whole = isinstance(prepared, DistrictFolder)
            repairs = repaired.pop(layer, 0) if whole else len(stored.repairs)
            span = codes[0] if len(codes) == 1 else f"{codes[0]}-{codes[-1]}"
            table.add_row(LEVELS[level][language], str(len(codes)), span, str(repairs))
    if isinstance(prepared, DistrictFolder):
        for name, count in (
            ("buildings", len(prepared.buildings)),
            ("streets", len(prepared.streets)),
            ("landmarks", len(prepared.landmarks)),
            ("checkpoints", len(prepared.checkpoints)),
            ("waters, green, railways", len(prepared.terrain)),
        ):
            repairs = sum(repaired[layer] for layer in name.split(", "))
            if count:
                table.add_row(name, str(count), "", str(repairs))
    return table


def repair_table(repairs: Sequence[Repair], language: Language) -> Table:
    """Every repair by feature, what, size and place; many of a kind in one layer as a sum."""
    from api.texts.terminal import REPAIRS

    table = Table(*REPAIRS[language])
    kinds: dict[tuple[str, str], list[Repair]] = defaultdict(list)
    for repair in repairs:
        kinds[repair.layer, repair.code].append(repair)
    for (layer, code), found in kinds.items():
        largest = sorted(found, key=lambda repair: -(repair.size_m2 or 0))
        for repair in largest[:_ROWS_OF_A_KIND]:
            what = say(code, {"count": repair.count}, language).detail
            number = f"#{repair.feature} " if repair.feature else ""
            table.add_row(layer, f"{number}{repair.label}", what, _size(repair), _where(repair))
        rest = largest[_ROWS_OF_A_KIND:]
        if rest:
            what = say(code, {"count": sum(one.count for one in rest)}, language).title
            size = sum(one.size_m2 or 0 for one in rest)
            table.add_row(layer, f"+{len(rest)}", what, f"{size:.3f}" if size else "", "")
    return table


def _size(repair: Repair) -> str:
    return "" if repair.size_m2 is None else f"{repair.size_m2:.3f}"


def _where(repair: Repair) -> str:
    return "" if repair.lon is None else f"{repair.lon:.6f}, {repair.lat:.6f}"


def names_said(said: Sequence[str]) -> dict[str, str]:
    """Our field -> the file's, of FIELD=NAME pairs. Raises: typer.BadParameter."""
    names: dict[str, str] = {}
    for pair in said:
        ours, mark, theirs = pair.partition("=")
        if not mark or not ours or not theirs:
            raise typer.BadParameter(f"{pair}: FIELD=NAME, e.g. code=区划代码", param_hint="--map")
        names[ours.strip()] = theirs.strip()
    return names


def _today(at: datetime) -> date:
    from geo.clock import civil_date

    return civil_date(at, "Asia/Shanghai")
