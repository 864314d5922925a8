# SPDX-License-Identifier: Apache-2.0
"""The command line of the product.

A subcommand imports what it needs when it is called, so that none waits for another's libraries.
To add one: write a function in a module of its own and register it below.
"""

import sys
from typing import Annotated

import typer

from api import cli_accounts, cli_demo, cli_exchange, cli_gazetteer, cli_plans, cli_policy
from api.options import Home, language, settings_with
from api.say import Teller
from geo.errors import GeoError
from geo.service_user import SetUpError

app = typer.Typer(
    name="wangge",
    help="网格: a living map of a district's grid.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; any but loopback speaks https.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    home: Home = None,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Play a living demo district.")
    ] = True,
) -> None:
    """Install what is missing, start everything, and say where to look. Ctrl-C stops it."""
    from api.up import product
    from api.up import up as run

    run(settings_with(host=host, port=port, home=home), product(), Teller(), demo=demo)


@app.command()
def doctor(
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    home: Home = None,
) -> None:
    """Say what is wrong with this installation, and how to mend it."""

    from api.doctor import examine

    teller = Teller()
    wrong = 0
    for finding in examine(settings_with(host=host, port=port, home=home)):
        teller.line(f"{'✗' if finding.problems else '✓'} {finding.what}: {finding.seen}")
        for problem in finding.problems:
            wrong += 1
            teller.warn(f"    {problem.what}\n    → {problem.remedy}")
    teller.line("Nothing is wrong." if wrong == 0 else f"{wrong} to mend.")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def simulate(
    home: Home = None,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same acts.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so long; otherwise on and on.", min=0)
    ] = None,
    speed: Annotated[float, typer.Option(help="1: the clock of a running service is real.")] = 1.0,
) -> None:
    """Play a living day into the demo district, through the service's public API."""
    from api import logs
    from api.simulate import DEFAULT_SEED
    from api.simulate import simulate as play

    if speed != 1:
        raise SetUpError(
            "A running service keeps real time, so a day over HTTP has speed 1. "
            "Whole days at other speeds run in process: api.play.player.play_in_process."
        )
    logs.configure()
    play(settings_with(home=home), seed=DEFAULT_SEED if seed is None else seed, minutes=minutes)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run lint, types, import contracts and every test; arguments are pytest's (--deep: more)."""
    from api.check import check
    from api.code import CHECKOUT
    from api.provision import ensure_assets, ensure_browser, ensure_postgres

    teller = Teller()
    postgres = ensure_postgres(settings_with(), teller)
    ensure_browser(teller)
    ensure_assets(teller)
    raise typer.Exit(0 if check(CHECKOUT, postgres.directory, context.args, teller) else 1)


app.add_typer(cli_accounts.app, name="accounts")
app.add_typer(cli_demo.app, name="demo")
app.add_typer(cli_policy.app, name="policy")
app.add_typer(cli_gazetteer.app, name="gazetteer")
app.add_typer(cli_plans.app, name="plan")
app.command("import")(cli_exchange.bring_in)
app.command("export")(cli_exchange.take_out)


@app.command()
def version() -> None:
    """Print the version."""
    from api.version import version as of_product

    print(of_product())


def in_words(error: GeoError) -> str:
    """What was refused, in the language of the terminal; Chinese unless it says English."""
    from api.texts import say

    said = say(error.code, error.fields, language())
    return f"{said.title}: {said.detail} [{error.code}]"


def main() -> None:
    """Run the command; what cannot be done is said in words, not as a trace."""
    from api.database import NoInstallation

    try:
        app(prog_name="wangge")
    except SetUpError as error:
        Teller().warn(f"wangge: {error}")
        sys.exit(2 if isinstance(error, NoInstallation) else 1)
    except GeoError as error:
        Teller().warn(f"wangge: {in_words(error)}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
