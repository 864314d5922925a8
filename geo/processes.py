# SPDX-License-Identifier: Apache-2.0
"""Which processes work on a PostgreSQL data directory, asked of /proc.

The pid file does not tell: after a crash its number may belong to somebody else's process.
"""

import contextlib
import os
from pathlib import Path


def family(data: Path) -> list[int]:
    """All processes whose working directory is ``data``."""
    try:
        ours = data.stat()
    except (FileNotFoundError, PermissionError):  # not made yet, or not ours to look into
        return []
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        # Ended meanwhile, a zombie, or somebody else's.
        with contextlib.suppress(OSError):
            where = os.stat(f"/proc/{entry.name}/cwd")
            if (where.st_dev, where.st_ino) == (ours.st_dev, ours.st_ino):
                found.append(int(entry.name))
    return found


def postmaster_of(data: Path) -> int | None:
    """The server itself, of the family; None when it does not run."""
    found = family(data)
    for process in found:
        # The server's children rename themselves to "postgres: what they do".
        if f"-D {data}" in command_line(process) and _parent(process) not in found:
            return process
    return None


def command_line(process: int) -> str:
    """Words of a command, joined by spaces; empty when it has ended."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode("utf-8", "replace")


def _parent(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return 0
    # The name in brackets may hold anything, brackets too; the parent is the second field after it.
    return int(status.rpartition(")")[2].split()[1])
