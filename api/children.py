# SPDX-License-Identifier: Apache-2.0
"""The processes that `wangge up` starts: kept alive while it runs, ended with it, in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geo.service_user import ServiceUser

LOG_BYTES = 16 * 1024 * 1024
LONGEST_PAUSE_S = 30.0
# One that ran this long was well: the next death is not held against it.
HEALTHY_S = 60.0


@dataclass
class Child:
    """One supervised process: a Python module with its arguments.

    ``needed`` says what its death means: True restarts it, False lets a clean end be an end.
    """

    name: str
    module: str
    arguments: Sequence[str]
    log: Path
    needed: bool = True
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _started: float = field(default=0.0, init=False)
    _deaths: int = field(default=0, init=False)
    _again_at: float = field(default=0.0, init=False)
    _done: bool = field(default=False, init=False)

    def start(self, user: ServiceUser, environment: Mapping[str, str]) -> None:
        """Begin, with everything it prints in its log. To be called from the main thread alone:
        the kernel ends a leashed child with the thread that started it."""
        self._turn_log()
        command = [sys.executable, "-P", "-m", "api.leash", str(os.getpid())]
        command += [self.module, *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd="/",
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for the parent, which then ends all in order.
                start_new_session=True,
                pass_fds=self.pass_fds,
                **user.privileges,
            )
        self._started = time.monotonic()

    def watch(
        self,
        user: ServiceUser,
        environment: Mapping[str, str],
        tell: Callable[[str], None],
    ) -> None:
        """Start it again when it has died: at once, then after ever longer pauses."""
        if self._done:
            return
        now = time.monotonic()
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return
            self.process = None
            if status == 0 and not self.needed:
                self._done = True
                tell(f"{self.name} has finished.")
                return
            self._deaths = 1 if now - self._started > HEALTHY_S else self._deaths + 1
            pause = 0.0 if self._deaths == 1 else min(LONGEST_PAUSE_S, 2.0 ** (self._deaths - 2))
            self._again_at = now + pause
            tell(
                f"{self.name} ended ({_how(status)}); starting it again"
                f"{f' in {pause:.0f} s' if pause else ''}. Its log: {self.log}"
            )
        if now >= self._again_at:
            self.start(user, environment)

    def stop(self, seconds: float) -> None:
        """Ask it to end; after ``seconds`` end it, with whatever it started."""
        process, self.process, self._done = self.process, None, True
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                # Its own session, so its own process group: nobody else's is hit.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def last_lines(self, count: int = 15) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except FileNotFoundError:
            return ""

    def _turn_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
