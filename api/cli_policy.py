# SPDX-License-Identifier: Apache-2.0
"""`wangge policy`: what check-ins are judged by, and from when on otherwise."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from api.options import Home, district_among, settings_with
from api.say import Teller

app = typer.Typer(no_args_is_help=True, help="What check-ins are judged by; a version a change.")

District = Annotated[str | None, typer.Option(help="District code; needed when there are several.")]


@app.command()
def show(district: District = None, home: Home = None) -> None:
    """Show every version: when it holds, and its values."""
    from api.database import opened, refuse_absent
    from geo.patrol.policies import LIMITS
    from geo.patrol.queries import policy_versions

    settings = settings_with(home=home)
    refuse_absent(settings)
    with opened(settings) as database, database.snapshot() as session:
        versions = policy_versions(session, district_among(session, district))
    table = Table("", *(f"version {one.policy.version}" for one in versions), box=None)
    table.add_row("from", *(_instant(one.begins_at) for one in versions))
    table.add_row("until", *(_instant(one.ends_at) for one in versions))
    for name in LIMITS:
        table.add_row(name, *(_value(one.policy.as_fields(), name) for one in versions))
    Teller().console.print(table)


@app.command("set")
def change(
    values: Annotated[
        list[str], typer.Argument(help="NAME=VALUE, as `show` names them; durations in seconds.")
    ],
    since: Annotated[
        str | None,
        typer.Option("--from", help="RFC 3339 instant from which it holds; in a minute if unsaid."),
    ] = None,
    district: District = None,
    home: Home = None,
) -> None:
    """Let other values hold from an instant to come on; what was judged stays as it was judged."""
    from api.database import opened, refuse_absent
    from geo.clock import SystemClock
    from geo.patrol.actions import change_policy
    from geo.patrol.policies import changed
    from geo.patrol.queries import policy_versions
    from geo.service_user import SetUpError

    settings = settings_with(home=home)
    refuse_absent(settings)
    said = {}
    for value in values:
        name, mark, text = value.partition("=")
        if not mark:
            raise SetUpError(f"{value} is not NAME=VALUE, as in inside_from=0.85.")
        said[name] = text
    now = SystemClock().now()
    begins_at = now + timedelta(minutes=1) if since is None else _said_instant(since)
    with opened(settings) as database, database.transaction() as session:
        code = district_among(session, district)
        newest = policy_versions(session, code)[-1].policy
        made = change_policy(
            session, district=code, policy=changed(newest, said), since=begins_at, at=now
        )
    Teller().line(f"Version {made.version} holds from {begins_at.isoformat()} on.")


def _said_instant(text: str) -> datetime:
    from geo.service_user import SetUpError

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise SetUpError(f"{text} is not an instant with an offset: 2026-12-01T00:00:00+08:00")
    return at


def _instant(at: datetime | None) -> str:
    return "-" if at is None else at.isoformat(timespec="seconds")


def _value(policy: Mapping[str, float], name: str) -> str:
    return f"{policy[name]:g}"
