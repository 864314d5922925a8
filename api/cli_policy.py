# SPDX-License-Identifier: Apache-2.0
"""`wangge policy`: what check-ins are judged by, how linkups ask, and from when on otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol

import typer
from rich.table import Table

from api.options import Home, district_among, settings_with
from api.say import Teller

app = typer.Typer(no_args_is_help=True, help="What check-ins are judged by; a version a change.")
linkups = typer.Typer(no_args_is_help=True, help="How a linkup asks: clocks, rings, reach.")
app.add_typer(linkups, name="linkups")

District = Annotated[str | None, typer.Option(help="District code; needed when there are several.")]
Values = Annotated[
    list[str], typer.Argument(help="NAME=VALUE, as `show` names them; durations in seconds.")
]
Since = Annotated[
    str | None,
    typer.Option("--from", help="RFC 3339 instant from which it holds; in a minute if unsaid."),
]


class _Policy(Protocol):
    @property
    def version(self) -> int: ...

    def as_fields(self) -> dict[str, Any]: ...


class _Version(Protocol):
    @property
    def policy(self) -> _Policy: ...

    @property
    def begins_at(self) -> datetime | None: ...

    @property
    def ends_at(self) -> datetime | None: ...


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
    _print(LIMITS, versions)


@app.command("set")
def change(
    values: Values,
    since: Since = None,
    district: District = None,
    home: Home = None,
) -> None:
    """Let other values hold from an instant to come on; what was judged stays as it was judged."""
    from api.database import opened, refuse_absent
    from geo.clock import SystemClock
    from geo.patrol.actions import change_policy
    from geo.patrol.policies import changed
    from geo.patrol.queries import policy_versions

    settings = settings_with(home=home)
    refuse_absent(settings)
    said = _said_values(values)
    now = SystemClock().now()
    begins_at = _begins_at(since, now)
    with opened(settings) as database, database.transaction() as session:
        code = district_among(session, district)
        newest = policy_versions(session, code)[-1].policy
        made = change_policy(
            session, district=code, policy=changed(newest, said), since=begins_at, at=now
        )
    Teller().line(f"Version {made.version} holds from {begins_at.isoformat()} on.")


@linkups.command("show")
def show_linkups(district: District = None, home: Home = None) -> None:
    """Show every version of how linkups ask; version 0 is the built-in one."""
    from api.database import opened, refuse_absent
    from geo.incidents.policies import LIMITS
    from geo.incidents.queries import policy_versions

    settings = settings_with(home=home)
    refuse_absent(settings)
    with opened(settings) as database, database.snapshot() as session:
        versions = policy_versions(session, district_among(session, district))
    _print(LIMITS, versions)


@linkups.command("set")
def change_linkups(
    values: Values, since: Since = None, district: District = None, home: Home = None
) -> None:
    """Let linkups ask otherwise from an instant to come on; who was asked keeps his clock."""
    from api.database import opened, refuse_absent
    from geo.clock import SystemClock
    from geo.incidents.policies import changed
    from geo.incidents.queries import policy_versions
    from geo.incidents.setting import change_linkup_policy

    settings = settings_with(home=home)
    refuse_absent(settings)
    said = _said_values(values)
    now = SystemClock().now()
    begins_at = _begins_at(since, now)
    with opened(settings) as database, database.transaction() as session:
        code = district_among(session, district)
        newest = policy_versions(session, code)[-1].policy
        made = change_linkup_policy(
            session, district=code, policy=changed(newest, said), since=begins_at, at=now
        )
    Teller().line(f"Version {made.version} holds from {begins_at.isoformat()} on.")


def _print(names: Iterable[str], versions: Sequence[_Version]) -> None:
    table = Table("", *(f"version {one.policy.version}" for one in versions), box=None)
    table.add_row("from", *(_instant(one.begins_at) for one in versions))
    table.add_row("until", *(_instant(one.ends_at) for one in versions))
    for name in names:
        table.add_row(name, *(_value(one.policy.as_fields(), name) for one in versions))
    Teller().console.print(table)


def _said_values(values: Sequence[str]) -> dict[str, str]:
    from geo.service_user import SetUpError

    said = {}
    for value in values:
        name, mark, text = value.partition("=")
        if not mark:
            raise SetUpError(f"{value} is not NAME=VALUE, as in inside_from=0.85.")
        said[name] = text
    return said


def _begins_at(since: str | None, now: datetime) -> datetime:
    return now + timedelta(minutes=1) if since is None else _said_instant(since)


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
