# SPDX-License-Identifier: Apache-2.0
"""`wangge accounts`: who may sign in."""

import sys
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from api.options import Home, district_among, settings_with
from api.say import Teller
from geo.accounts.rules import Role

app = typer.Typer(no_args_is_help=True, help="Who may sign in.")

Username = Annotated[str, typer.Argument(help="User name.")]
Password = Annotated[
    str | None,
    typer.Option(
        help="Better not given: it is asked for, or read from standard input, "
        "and stays out of the shell's history."
    ),
]


def _password(given: str | None) -> str:
    """What was given, else one line of standard input, asked for twice at a terminal."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


@app.command()
def add(
    username: Username,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    password: Password = None,
    scope: Annotated[
        str | None, typer.Option(help="Area code the account may see; not for workers.")
    ] = None,
    worker: Annotated[UUID | None, typer.Option(help="The worker it belongs to.")] = None,
    cell: Annotated[
        str | None, typer.Option(help="Instead of --worker: a cell, whose holder it belongs to.")
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="District code; needed when there are several.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="How the person is called.")] = None,
    home: Home = None,
) -> None:
    """Make an account. Without the demo, the first administrator is made this way."""
    from api.database import opened, refuse_absent
    from geo.accounts.actions import create_account
    from geo.clock import SystemClock
    from geo.ids import WorkerId, district_of
    from geo.workforce.queries import keepers, names

    settings = settings_with(home=home)
    refuse_absent(settings)
    secret = _password(password)
    at = SystemClock().now()
    with opened(settings) as database:
        with database.snapshot() as session:
            said = scope or cell
            code = district_among(session, district or (district_of(said) if said else None))
            person = None if worker is None else WorkerId(worker)
            if cell is not None and person is None:
                person = keepers(session, code, cell, at=at).holder
                if person is None:
                    raise typer.BadParameter(f"nobody holds the cell {cell}", param_hint="--cell")
            called = {} if person is None else names(session, code, [person])
        with database.transaction() as session:
            create_account(
                session,
                district=code,
                username=username,
                password=secret,
                role=role,
                name=name or next(iter(called.values()), username),
                scope=None if role is Role.WORKER else scope or code,
                worker=person,
                at=at,
            )
    Teller().line(f"Account {username} ({role}) can sign in now.")


@app.command("list")
def show(home: Home = None) -> None:
    """List the accounts of every district."""
    from api.database import opened
    from geo.accounts.queries import accounts
    from geo.hierarchy.queries import districts

    table = Table()
    for heading in ("district", "user name", "name", "role", "scope", "state"):
        # A name that is cut cannot be typed.
        table.add_column(heading, overflow="fold")
    with opened(settings_with(home=home)) as database, database.snapshot() as session:
        for district in districts(session):
            for actor, username, disabled in accounts(session, district.code):
                state = "disabled" if disabled else "active"
                scope = actor.scope or f"worker {actor.worker}"
                table.add_row(district.code, username, actor.name, actor.role, scope, state)
    Teller().console.print(table)


@app.command()
def password(username: Username, password: Password = None, home: Home = None) -> None:
    """Set another password; every session of the account ends."""
    from api.database import opened, refuse_absent
    from geo.accounts.actions import change_password
    from geo.clock import SystemClock

    settings = settings_with(home=home)
    refuse_absent(settings)
    secret = _password(password)
    with opened(settings) as database, database.transaction() as session:
        change_password(session, username=username, password=secret, at=SystemClock().now())
    Teller().line(f"The password of {username} is changed; its sessions have ended.")


@app.command()
def disable(username: Username, home: Home = None) -> None:
    """Close an account; its sessions end."""
    from api.database import opened
    from geo.accounts.actions import disable_account
    from geo.clock import SystemClock

    with opened(settings_with(home=home)) as database, database.transaction() as session:
        disable_account(session, username=username, at=SystemClock().now())
    Teller().line(f"Account {username} is disabled; its sessions have ended.")
