# SPDX-License-Identifier: Apache-2.0
"""What can be set from outside, in one frozen value that is passed on explicitly.

Environment variables carry the prefix ``WANGGE_`` (``WANGGE_HOME``, ``WANGGE_PORT``); the one
exception is ``DATABASE_URL``, which keeps the name that hosting platforms give it.
"""

import ipaddress
import json
import os
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, field_validator, model_validator
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


class OutsideGeocoder(StrEnum):
    """The geocoders outside that may be switched on; there are no others."""

    NOMINATIM = "nominatim"
    PHOTON = "photon"
    TIANDITU = "tianditu"
    AMAP = "amap"


# What a geocoder of one's own may stand at: this machine, and the networks that no router passes
# on. Link-local addresses are not among them: clouds answer secrets there.
_OWN_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128",
                    "fc00::/7")
)  # fmt: skip


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
    """Tracks, latest positions, places of check-ins and events are erased after so many days."""
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
    outside_geocoders: tuple[OutsideGeocoder, ...] = ()
    """Geocoders outside that dispatchers may ask, a JSON list; none: no text leaves this place."""
    tianditu_key: str = ""
    amap_key: str = ""
    nominatim_address: str = ""
    """A Nominatim of your own on the private network, ``http://10.0.0.5:8080``."""
    photon_address: str = ""
    """A Photon of your own on the private network, ``http://10.0.0.5:2322``."""
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

    @field_validator("nominatim_address", "photon_address")
    @classmethod
    def _own_address(cls, address: str) -> str:
        """Nothing but a scheme, an address of the private network and a port: no name, no path."""
        if not address:
            return ""
        parts = urlsplit(address.removesuffix("/"))
        where: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
        port: int | None = None
        with suppress(ValueError):
            port = parts.port
            where = ipaddress.ip_address(parts.hostname or "")
        bare = parts._replace(scheme="", netloc="").geturl() == "" and "@" not in parts.netloc
        private = where is not None and any(where in network for network in _OWN_NETWORKS)
        if not (private and bare and parts.scheme in {"http", "https"}):
            raise ValueError(
                "must look like http://10.0.0.5:8080, with an address of the private network"
            )
        host = f"[{where}]" if ":" in str(where) else str(where)
        return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    @model_validator(mode="after")
    def _keys(self) -> Self:
        """A geocoder that wants a key is not switched on without one."""
        keys = {
            OutsideGeocoder.TIANDITU: self.tianditu_key,
            OutsideGeocoder.AMAP: self.amap_key,
        }
        for name in self.outside_geocoders:
            if not keys.get(name, "none wanted"):
                raise ValueError(f"{name} needs a key: WANGGE_{name.upper()}_KEY")
        if len(set(self.outside_geocoders)) < len(self.outside_geocoders):
            raise ValueError("a geocoder is named twice in WANGGE_OUTSIDE_GEOCODERS")
        return self

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
