# SPDX-License-Identifier: Apache-2.0
"""`wangge demo`: what belongs to the demo district alone."""

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.options import Home, settings_with
from api.say import Teller

app = typer.Typer(no_args_is_help=True, help="What belongs to the demo district alone.")

_STATEMENT_S = 120.0


@app.command()
def history(
    home: Home = None,
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=366)] = 90,
    give_way: Annotated[
        bool, typer.Option("--give-way", help="Let everything else on this machine go first.")
    ] = False,
) -> None:
    """Make up the days before today that nobody played: patrols, check-ins, incidents."""
    from api.database import opened
    from api.history import give_way as going_second
    from api.history import make_history
    from geo.clock import SystemClock

    teller = Teller()
    if give_way:
        going_second()
    with (
        opened(settings_with(home=home), statement_timeout_s=_STATEMENT_S) as database,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=teller.console,
            transient=True,
        ) as progress,
    ):
        task = progress.add_task("days", total=None)
        made = make_history(
            database,
            at=SystemClock().now(),
            days=days,
            told=lambda done, total: progress.update(task, completed=done, total=total),
        )
    teller.line(f"history: {made} days made up, {days - made} were there or nobody's")
