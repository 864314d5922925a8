# SPDX-License-Identifier: Apache-2.0
"""`wangge accounts`: who may sign in."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from api.options import Home
from api.say import Teller
from geo.accounts.rules import Role

app = typer.Typer(no_args_is_help=True, help="Who may sign in.")

Username = Annotated[str, typer.Argument(help="User name.")]
Password = Annotated[
    str,
    typer.Option(
        prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given."
    ),
]


@app.command()
def add(
    username: Username,
    password: Password,
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.ADMIN,
    scope: Annotated[
        str | None, typer.Option(help="Area code the account may see; not for workers.")
    ] = None,
    worker: Annotated[UUID | None, typer.Option(help="The worker it belongs to.")] = None,
    district: Annotated[
        str | None, typer.Option(help="District code; needed when there are several.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="How the person is called.")] = None,
    home: Home = None,
) -> None:
    """Make an account. Without the demo, the first administrator is made this way."""
    from api.cli import settings_with
    from api.database import opened
    from geo.accounts.actions import create_account
    from geo.clock import SystemClock
    from geo.hierarchy.queries import districts
    from geo.ids import DistrictCode, WorkerId, district_of
    from geo.service_user import SetUpError

    with opened(settings_with(home=home)) as database:
        with database.snapshot() as session:
            known = [found.code for found in districts(session)]
        wanted = district or (district_of(scope) if scope else None)
        if wanted is None and len(known) == 1:
            wanted = known[0]
        if wanted not in known:
            listed = ", ".join(known) or "none; bring one in with: wangge import FOLDER"
            raise SetUpError(f"Say which district with --district CODE. Loaded: {listed}.")
        code = DistrictCode(wanted)
        with database.transaction() as session:
            create_account(
                session,
                district=code,
                username=username,
                password=password,
                role=role,
                name=name or username,
                scope=None if role is Role.WORKER else scope or code,
                worker=None if worker is None else WorkerId(worker),
                at=SystemClock().now(),
            )
    Teller().line(f"Account {username} ({role}) can sign in now.")


@app.command("list")
def show(home: Home = None) -> None:
    """List the accounts of every district."""
    from api.cli import settings_with
    from api.database import opened
    from geo.accounts.queries import accounts
    from geo.hierarchy.queries import districts

    table = Table("district", "user name", "name", "role", "scope", "state")
    with opened(settings_with(home=home)) as database, database.snapshot() as session:
        for district in districts(session):
            for actor, username, disabled in accounts(session, district.code):
                state = "disabled" if disabled else "active"
                scope = actor.scope or f"worker {actor.worker}"
                table.add_row(district.code, username, actor.name, actor.role, scope, state)
    Teller().console.print(table)


@app.command()
def password(username: Username, password: Password, home: Home = None) -> None:
    """Set another password; every session of the account ends."""
    from api.cli import settings_with
    from api.database import opened
    from geo.accounts.actions import change_password
    from geo.clock import SystemClock

    with opened(settings_with(home=home)) as database, database.transaction() as session:
        change_password(session, username=username, password=password, at=SystemClock().now())
    Teller().line(f"The password of {username} is changed; its sessions have ended.")


@app.command()
def disable(username: Username, home: Home = None) -> None:
    """Close an account; its sessions end."""
    from api.cli import settings_with
    from api.database import opened
    from geo.accounts.actions import disable_account
    from geo.clock import SystemClock

    with opened(settings_with(home=home)) as database, database.transaction() as session:
        disable_account(session, username=username, at=SystemClock().now())
    Teller().line(f"Account {username} is disabled; its sessions have ended.")
