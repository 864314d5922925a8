# SPDX-License-Identifier: Apache-2.0
"""Where the processes of the service find the code.

Started by root, they run as a user of their own, who cannot read a checkout below /root. They then
get a copy that root owns and they may read, made anew whenever the checkout has changed.
"""

import compileall
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from geo.service_user import ServiceUser, SetUpError

CHECKOUT = Path(__file__).parents[1]
PARTS = ("geo", "api", "maps", "data", "locks", "pyproject.toml")


def readable_code(home: Path, user: ServiceUser, checkout: Path = CHECKOUT) -> Path:
    """The checkout, or a copy of it below ``home`` when ``user`` cannot read it.

    Raises: SetUpError when that user cannot run this Python either.
    """
    if not user.can_read(Path(sys.executable)):
        raise SetUpError(
            f"The user '{user.name}', who runs the service, cannot run {sys.executable}. "
            "Start through ./wangge, which chooses a Python that everybody may run."
        )
    if all(user.can_read(path) for path in (checkout / "api/__main__.py", checkout / "geo")):
        return checkout
    copies = home / "code"
    copies.mkdir(mode=0o755, exist_ok=True)
    copy = copies / _digest(checkout)
    if not copy.exists():
        with tempfile.TemporaryDirectory(prefix=".new-", dir=copies) as scratch:
            fresh = Path(scratch) / "code"
            _copy(checkout, fresh)
            # Its reader may not write there: compiled now, once, under the name it will have.
            compileall.compile_dir(fresh, quiet=2, stripdir=str(fresh), prependdir=str(copy))
            fresh.rename(copy)
        for old in copies.iterdir():
            if old != copy:
                shutil.rmtree(old, ignore_errors=True)
    return copy


def _files(checkout: Path) -> Iterator[Path]:
    for part in PARTS:
        top = checkout / part
        if top.is_file():
            yield top
        for folder, folders, names in os.walk(top):
            # Hidden: half-fetched files. Caches: made anew.
            folders[:] = sorted(f for f in folders if f != "__pycache__" and f[0] != ".")
            yield from (Path(folder) / name for name in sorted(names))


def _digest(checkout: Path) -> str:
    """Changes with every change of a file: names, sizes and times, which take no time to read."""
    listing = hashlib.sha256()
    for path in _files(checkout):
        found = path.stat()
        name = path.relative_to(checkout)
        listing.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return listing.hexdigest()[:16]


def _copy(checkout: Path, place: Path) -> None:
    for path in _files(checkout):
        target = place / path.relative_to(checkout)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        shutil.copyfile(path, target)
        target.chmod(0o644)
    # Whatever the umask said: readable for all, writable for root alone.
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o755)
