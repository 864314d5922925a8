# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's programs on this machine, and what a database must be able to do for us."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
OLDEST_SERVER = 15


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must be mended before work can begin: what it is, and how."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL with PostGIS: where its programs lie and what they need around them."""

    directory: Path
    version: int
    environment: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        return str(self.directory / name)


def find_programs(prefix: Path | None = None, *, version: int | None = None) -> Programs | None:
    """The newest PostgreSQL with PostGIS: of the system, else one unpacked below ``prefix``.

    ``version`` asks for one major version: a data directory belongs to the one that made it.
    """
    found = [*_installed(Path("/")), *(_installed(prefix) if prefix is not None else [])]
    if not found:
        found = _on_the_path()
    fitting = [p for p in found if version is None or p.version == version]
    # max keeps the first of equals: the system's own, which gets security updates.
    return max(fitting, key=lambda programs: programs.version, default=None)


def _installed(root: Path) -> list[Programs]:
    """Debian's layout, below ``/`` or below a directory that packages were unpacked into."""
    environment: dict[str, str] = {}
    if root != Path("/"):
        libraries = sorted(
            str(folder)
            for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*")
            for base in root.glob(pattern)
            for folder in (base, base / "blas", base / "lapack", base / "pulseaudio")
            if folder.is_dir()
        )
        environment = {
            "LD_LIBRARY_PATH": ":".join(libraries),
            "PROJ_DATA": str(root / "usr/share/proj"),
            "GDAL_DATA": str(root / "usr/share/gdal"),
        }
    return [
        Programs(programs, int(programs.parent.name), environment)
        for programs in sorted(root.glob("usr/lib/postgresql/*/bin"))
        if programs.parent.name.isdigit()
        and (programs / "initdb").exists()
        and (
            root / f"usr/share/postgresql/{programs.parent.name}/extension/postgis.control"
        ).exists()
    ]


def _on_the_path() -> list[Programs]:
    """A PostgreSQL laid out in some other way, found through its own pg_config."""
    config = shutil.which("pg_config")
    if config is None:
        return []
    place = Path(config).resolve().parent
    if place.match("usr/lib/postgresql/*/bin"):
        # Debian's layout, unpacked somewhere.
        return _installed(place.parents[4])
    answer = subprocess.run(
        [config, "--bindir", "--sharedir", "--version"], capture_output=True, text=True, check=False
    )
    lines = answer.stdout.splitlines()
    number = re.search(r"(\d+)", lines[2]) if answer.returncode == 0 and len(lines) == 3 else None
    if number is None or not (Path(lines[0]) / "initdb").exists():
        return []
    if not (Path(lines[1]) / "extension/postgis.control").exists():
        return []
    return [Programs(Path(lines[0]), int(number.group(1)))]


def conninfo(url: str) -> str:
    """What libpq understands, of an SQLAlchemy address."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def database_problems(url: str) -> list[Problem]:
    """What keeps this database from holding a district; empty when nothing does.

    Looks, changes nothing. Asked of the private cluster and of a supplied server alike.
    """
    shown = make_url(url).render_as_string(hide_password=True)
    try:
        # A database without an encoding would answer bytes otherwise.
        with psycopg.connect(
            conninfo(url), connect_timeout=5, autocommit=True, client_encoding="utf8"
        ) as connection:
            return _problems(connection)
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        return [
            Problem(
                f"No connection to the database {shown}: {reason}.",
                "Start that server, or correct DATABASE_URL.",
            )
        ]


def _problems(connection: psycopg.Connection) -> list[Problem]:
    problems: list[Problem] = []
    if connection.info.server_version < OLDEST_SERVER * 10000:
        problems.append(
            Problem(
                f"The server is PostgreSQL {connection.info.server_version // 10000}.",
                f"Use PostgreSQL {OLDEST_SERVER} or newer.",
            )
        )
    encoding = _show(connection, "server_encoding")
    if encoding != "UTF8":
        problems.append(
            Problem(
                f"The database is encoded in {encoding}, which cannot hold every Chinese name.",
                "Make it anew with: createdb --encoding=UTF8 --locale=C.UTF-8 --template=template0",
            )
        )
    present = {row[0] for row in connection.execute("select extname from pg_extension")}
    for extension in EXTENSIONS:
        if extension not in present:
            problems.append(
                Problem(
                    f"The extension {extension} is missing.",
                    f'As a superuser of that database: "create extension {extension}" '
                    "(Debian's package postgresql-postgis brings the files).",
                )
            )
    if "pg_trgm" in present and encoding == "UTF8" and not _trigrams_of_chinese(connection):
        problems.append(
            Problem(
                "Chinese text has no trigrams here (LC_CTYPE is C), so that all streets are alike.",
                "Make the database anew with --locale=C.UTF-8 --template=template0.",
            )
        )
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        if _show(connection, setting) == "off":
            problems.append(
                Problem(
                    f"{setting} is off: what was answered as stored could be lost.",
                    f"Set {setting} = on for that server and reload it.",
                )
            )
    return problems


def _show(connection: psycopg.Connection, setting: str) -> str:
    row = connection.execute("select current_setting(%s)", (setting,)).fetchone()
    return str(row[0]) if row else ""


def _trigrams_of_chinese(connection: psycopg.Connection) -> bool:
    # The extension may live in a schema of its own, off the search path.
    schema = connection.execute(
        "select quote_ident(nspname) from pg_extension e "
        "join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_trgm'"
    ).fetchone()
    if schema is None:
        return False
    statement = f"select {schema[0]}.show_trgm('彩虹街') <> '{{}}'"
    row = connection.execute(statement.encode()).fetchone()
    return row is not None and bool(row[0])
