# SPDX-License-Identifier: Apache-2.0
"""What can be set from outside, in one frozen value that is passed on explicitly.

Environment variables carry the prefix ``WANGGE_`` (``WANGGE_HOME``, ``WANGGE_PORT``); the one
exception is ``DATABASE_URL``, which keeps the name that hosting platforms give it.
"""

import ipaddress
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """The directory of everything that changes, when nobody names one."""
    if os.geteuid() == 0:
        return Path("/var/lib/wangge")
    data_home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules say that a relative path there is to be ignored.
    if data_home.startswith("/"):
        return Path(data_home) / "wangge"
    return Path.home() / ".local" / "share" / "wangge"


class Settings(BaseSettings):
    """Everything an installation can be told. Raises pydantic's ValidationError on nonsense."""

    model_config = SettingsConfigDict(
        env_prefix="WANGGE_", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=default_home)
    """Holds cluster, keys, logs and ``demo.json``."""
    database_url: str | None = Field(
        default=None, validation_alias=AliasChoices("database_url", "DATABASE_URL")
    )
    """A server of the user's, instead of the private cluster."""
    database: str = "wangge"
    """Name of the database inside the private cluster."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8600
    processes: Annotated[int, Field(ge=1, le=64)] = 2
    """Worker processes of the HTTP service."""
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    """Life of a signed-in session, in hours."""
    track_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Tracks, latest positions and the coordinates of events are erased after so many days."""
    allowed_hosts: frozenset[str] = frozenset()
    """Further host names that requests may use, for a reverse proxy: a JSON list."""
    metrics_token: str = ""
    """Lets a Prometheus on another machine read /metrics; empty: this machine alone."""
    turn_url: str = ""
    """A TURN server for calls beyond the local network (``turn:host:3478``); empty: none."""
    turn_user: str = ""
    """Its user; empty: the secret is shared with the server and makes passwords that end."""
    turn_secret: str = ""
    """The user's password, or the shared secret (coturn: ``use-auth-secret``)."""
    demo: bool = False
    """True when this installation carries the demo district; readiness then waits for it."""
    shutdown_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """How long a stopping process may take to finish what it has begun."""

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return Path(os.path.abspath(home.expanduser()))

    @field_validator("database_url")
    @classmethod
    def _psycopg(cls, url: str | None) -> str | None:
        """Accept what PostgreSQL's own tools accept, and name the one driver used here."""
        if url is None:
            return None
        scheme, mark, rest = url.partition("://")
        if not mark or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
            # The address itself may hold a password: it is not repeated.
            raise ValueError("DATABASE_URL must look like postgresql://user:password@host/database")
        return f"postgresql+psycopg://{rest}"

    @property
    def cluster_directory(self) -> Path:
        """The private PostgreSQL: its data, socket and log."""
        return self.home / "cluster"

    @property
    def system_prefix(self) -> Path:
        """Where system packages are unpacked when they cannot be installed."""
        return self.home / "system"

    @property
    def keys_directory(self) -> Path:
        return self.home / "keys"

    @property
    def logs_directory(self) -> Path:
        return self.home / "logs"

    @property
    def metrics_directory(self) -> Path:
        """Where the processes of a running service put their counts together."""
        return self.home / "metrics"

    @property
    def demo_file(self) -> Path:
        """Addresses and accounts of the demo, mode 0600."""
        return self.home / "demo.json"

    @property
    def simulation_file(self) -> Path:
        """The phones and the dispatcher that the simulation plays, mode 0600."""
        return self.home / "simulation.json"

    @property
    def session_life(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    @property
    def track_kept(self) -> timedelta:
        return timedelta(days=self.track_days)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service; everything else is https."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these same settings."""
        variables = {
            f"WANGGE_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in self.model_dump(mode="json", exclude={"database_url"}).items()
        }
        if self.database_url is not None:
            variables["DATABASE_URL"] = self.database_url
        return variables
