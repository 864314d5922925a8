# SPDX-License-Identifier: Apache-2.0
"""The system user that cluster and service run as when root starts them.

PostgreSQL refuses to run as root, and nothing that decodes a stranger's input should.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

NAME = "wangge"


class SetUpError(Exception):
    """This installation cannot do what was asked. The text says what, where and how to mend it."""


class Privileges(TypedDict, total=False):
    """Keyword arguments of ``subprocess.Popen`` that give up root."""

    user: int
    group: int
    extra_groups: list[int]
    umask: int


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Who runs the cluster and the service."""

    name: str
    uid: int
    gid: int

    @property
    def privileges(self) -> Privileges:
        """Empty when this process already is that user."""
        if os.geteuid() != 0 or self.uid == 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, directory: Path) -> bool:
        """Whether this user may pass through and look into ``directory``, all parents included."""
        return self._test("-x", directory)

    def can_read(self, path: Path) -> bool:
        return self._test("-r", path)

    def _test(self, what: str, path: Path) -> bool:
        return (
            subprocess.run(
                ["/usr/bin/test", what, str(path)], cwd="/", check=False, **self.privileges
            ).returncode
            == 0
        )


def service_user() -> ServiceUser:
    """Ourselves; for root the system user ``wangge``, made here when it does not exist yet.

    Raises: SetUpError when root cannot make that user.
    """
    if os.geteuid() != 0:
        me = os.geteuid()
        try:
            name = pwd.getpwuid(me).pw_name
        except KeyError:  # containers run under numbers that no passwd file knows
            name = str(me)
        return ServiceUser(name, me, os.getegid())
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _make()
        entry = pwd.getpwnam(NAME)
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise SetUpError(
            f"There is no system user '{NAME}' and no 'useradd' to make it with. "
            "Install the package 'passwd', or make that user yourself."
        )
    command = [useradd, "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", NAME]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    # 9: somebody else made it between our look and now.
    if made.returncode not in (0, 9):
        raise SetUpError(f"Making the system user '{NAME}' failed: {made.stderr.strip()}")
