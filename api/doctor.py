# SPDX-License-Identifier: Apache-2.0
"""`wangge doctor`: what is wrong with this installation, and how to mend it. Changes nothing."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from api.provision import system_name
from geo.cluster import Cluster
from geo.db import is_migrated
from geo.postgres import Problem, database_problems, find_programs
from geo.settings import Settings
from maps import assets

LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and what is wrong with it."""

    what: str
    seen: str
    problems: tuple[Problem, ...] = ()


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after the other."""
    yield Finding("system", system_name())
    yield _python()
    yield _disk(settings.home)
    yield _assets()
    if settings.home.exists() and settings.home.stat().st_uid != os.geteuid():
        problem = Problem(
            "It belongs to another user, so its inside cannot be examined.",
            "Run `wangge doctor` as that user, or name your own home with --home DIR.",
        )
        yield Finding("home", str(settings.home), (problem,))
        return
    if settings.database_url is None:
        yield _postgres(settings)
        cluster = Cluster(settings.cluster_directory, prefix=settings.system_prefix)
        running = cluster.running
        yield Finding("cluster", _cluster_state(cluster, running))
        url = cluster.url(settings.database) if running else None
    else:
        url = settings.database_url
    if url is not None:
        wrong = database_problems(url)
        yield Finding("database", "not fit" if wrong else "all there", tuple(wrong))
        if not wrong:
            yield _tables(url)
    yield _port(settings)


def _python() -> Finding:
    seen = f"{sys.version.split()[0]} in {sys.prefix}"
    return Finding("python", seen)


def _disk(home: Path) -> Finding:
    place = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(place).free
    problems: tuple[Problem, ...] = ()
    if free < LEAST_FREE_BYTES:
        problems = (
            Problem(
                f"Less than {LEAST_FREE_BYTES // 1024**3} GB are free.",
                "Make room there, or move the home elsewhere (--home).",
            ),
        )
    return Finding("disk", f"{free / 1024**3:.1f} GB free at {home}", problems)


def _assets() -> Finding:
    wrong = assets.problems(assets.manifest())
    problems = tuple(Problem(text, "`wangge up` fetches it.") for text in wrong[:5])
    return Finding(
        "map files", f"{len(wrong)} missing or altered" if wrong else "all there", problems
    )


def _postgres(settings: Settings) -> Finding:
    programs = find_programs(settings.system_prefix)
    if programs is None:
        return Finding(
            "postgresql",
            "not found",
            (
                Problem(
                    "PostgreSQL with PostGIS is not installed.",
                    "`wangge up` installs it; by hand: apt-get install postgresql-postgis",
                ),
            ),
        )
    return Finding("postgresql", f"{programs.version} in {programs.directory}")


def _tables(url: str) -> Finding:
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            current = is_migrated(session)
    finally:
        engine.dispose()
    if current:
        return Finding("tables", "as this version wants them")
    problem = Problem(
        "They are not those of this version.",
        "`wangge up` brings older ones up to date; a newer database needs a newer wangge.",
    )
    return Finding("tables", "of another version", (problem,))


def _cluster_state(cluster: Cluster, running: bool) -> str:
    if running:
        return f"runs as process {cluster.postmaster} on {cluster.data}"
    return f"{'stopped' if cluster.data.exists() else 'not made yet'}: {cluster.data}"


def _port(settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    lock = settings.home / "up.lock"
    running = lock.exists() and lock.read_text()
    try:
        socket.create_connection((settings.host, settings.port), timeout=2).close()
        taken = True
    except OSError:
        taken = False
    if taken and not running:
        return Finding(
            "port",
            f"{where} is taken",
            (
                Problem(
                    "Another wangge, of another home, listens there."
                    if _is_wangge(where)
                    else "Another program listens there.",
                    "Choose another port with --port N.",
                ),
            ),
        )
    return Finding("port", f"{where} {'is ours: ' + str(running).strip() if taken else 'is free'}")


def _is_wangge(where: str) -> bool:
    """Whether a service like ours answers there."""
    for scheme in ("http", "https"):
        try:
            # Only what it says of itself is read: whose certificate it has does not matter.
            answer = httpx2.get(f"{scheme}://{where}/healthz", verify=False, timeout=2)
        except (httpx2.TransportError, httpx2.InvalidURL):
            continue
        if answer.status_code == 200 and answer.text.replace(" ", "") == '{"status":"up"}':
            return True
    return False
