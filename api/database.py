# SPDX-License-Identifier: Apache-2.0
"""The database as the command line opens it: the user's server, or the private cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.cluster import Cluster
from geo.db import Database, migrate
from geo.reactions import REACTIONS
from geo.service_user import SetUpError
from geo.settings import Settings


class NoInstallation(SetUpError):
    """The home holds nothing that a command could work on: a mistyped --home, most often."""


def refuse_absent(settings: Settings) -> None:
    """Only `up` makes an installation. Raises: NoInstallation."""
    if settings.database_url is not None:
        return
    cluster = settings.cluster_directory
    # Where we may not look there may well be one; what is wrong there is said by the cluster.
    hidden = cluster.is_dir() and not os.access(cluster, os.X_OK)
    if not hidden and not os.path.exists(cluster / "data"):
        raise NoInstallation(
            f"there is no installation in {settings.home}; "
            f"start it with `wangge up --home {settings.home}`"
        )


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Address of a migrated database: DATABASE_URL, else the private cluster's.

    The private cluster is started when it does not run, and stopped again by the last who used it.

    Raises: NoInstallation, SetUpError, with what is wrong and the way out.
    """
    if settings.database_url is not None:
        migrate(settings.database_url)
        yield settings.database_url
        return
    refuse_absent(settings)
    with Cluster(settings.cluster_directory, prefix=settings.system_prefix) as cluster:
        url = cluster.create_database(settings.database)
        migrate(url)
        yield url


def take_time(session: Session) -> None:
    """Let a transaction rest for as long as is worked on what it has read."""
    session.execute(text("set local idle_in_transaction_session_timeout = 0"))


@contextmanager
def opened(settings: Settings, *, statement_timeout_s: float = 15.0) -> Iterator[Database]:
    """The database of an installation, ready for work."""
    with database_url(settings) as url:
        database = Database(url, reactions=REACTIONS, statement_timeout_s=statement_timeout_s)
        try:
            yield database
        finally:
            database.close()
