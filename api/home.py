# SPDX-License-Identifier: Apache-2.0
"""The home of an installation: one directory of everything that changes, one `up` at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.service_user import ServiceUser, SetUpError
from geo.settings import Settings


def prepare(settings: Settings, user: ServiceUser) -> None:
    """Make the home and its rooms: open to pass through, closed inside but for who works there.

    Raises: SetUpError when the place cannot serve.
    """
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        found = home.stat()
        if found.st_uid != os.geteuid():
            raise SetUpError(
                f"The home {home} belongs to another user. "
                "Run as that user, or choose another place with --home DIR."
            )
        home.chmod(0o711)
        _room(settings.logs_directory, 0o700, None)
        # Counts of processes that are gone.
        shutil.rmtree(settings.metrics_directory, ignore_errors=True)
        _room(settings.metrics_directory, 0o700, user)
    except OSError as error:
        raise SetUpError(
            f"The home {home} cannot be used: {error.strerror} ({error.filename}). "
            "Choose another place with --home DIR."
        ) from error
    if not user.can_enter(home):
        raise SetUpError(
            f"The user '{user.name}', who runs the service, cannot enter {home}: a directory above "
            "it is closed to other users. Choose a home outside, for example "
            "--home /var/lib/wangge."
        )


def _room(path: Path, mode: int, owner: ServiceUser | None) -> None:
    path.mkdir(mode=mode, exist_ok=True)
    path.chmod(mode, follow_symlinks=True)
    if owner is not None and os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


@contextmanager
def occupied(home: Path, address: str) -> Iterator[None]:
    """Hold the home; whoever comes second is told who is there. Raises: SetUpError."""
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = lock.read().strip() or "starting"
            raise SetUpError(
                f"wangge already runs on {home} ({running}). "
                "Look there, stop that one first, or choose another place with --home DIR."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {address}\n")
        lock.flush()
        yield
        # The lock goes with the descriptor, also when we are killed.
        lock.seek(0)
        lock.truncate(0)
