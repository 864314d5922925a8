# SPDX-License-Identifier: Apache-2.0
"""`wangge test`: lint, formatting, types, import contracts, then every test."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from api.say import Teller

PROGRAMS = Path(sys.executable).parent
LINT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lint", ("ruff", "check", ".")),
    ("formatting", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports",)),
)


def check(code: Path, arguments: Sequence[str], teller: Teller) -> bool:
    """Run everything, whatever fails on the way; whether all of it passed.

    ``arguments`` go to pytest as they are. The last line printed tells how the tests went.
    """
    environment = dict(os.environ, PYTHONPATH=str(code))
    failed = [name for name, command in LINT if not _lint(name, command, code, environment, teller)]
    tests = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *arguments], cwd=code, env=environment, check=False
    )
    # pytest's own last line stays the last one when there is nothing else to say.
    if failed:
        teller.warn(f"Failed before the tests: {', '.join(failed)}. See above.")
    return not failed and tests.returncode == 0


def _lint(
    name: str, command: Sequence[str], code: Path, environment: dict[str, str], teller: Teller
) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=code,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    teller.line(f"{name}: {'passed' if passed else 'FAILED'} ({time.monotonic() - began:.1f} s)")
    if not passed:
        teller.line(done.stdout)
    return passed
