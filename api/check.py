# SPDX-License-Identifier: Apache-2.0
"""`wangge test`: lint, formatting, types, import contracts, then every test."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from api.say import Teller

# Half of a test's time is waiting for PostgreSQL or a page: two at a time fill two cores. A file
# stays together, for what its tests share; files with few tests are the long ones, and are not left
# to the end, where one would run alone.
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
PROGRAMS = Path(sys.executable).parent
LINT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lint", ("ruff", "check", ".")),
    ("formatting", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports",)),
)


def check(code: Path, postgres: Path, arguments: Sequence[str], teller: Teller) -> bool:
    """Run everything, whatever fails on the way; whether all of it passed.

    ``postgres`` holds the programs that the tests' cluster runs on, wherever they were put.
    ``arguments`` go to pytest as they are. The last line printed counts lint and tests together.
    """
    failed = [name for name, command in LINT if not _lint(name, command, code, teller)]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        command = [sys.executable, "-P", "-m", "pytest", *SIDE_BY_SIDE]
        tests = subprocess.run(
            [*command, f"--junit-xml={report}", *arguments],
            cwd=code,
            env=dict(os.environ, PYTHONPATH=str(code), PATH=f"{os.environ['PATH']}:{postgres}"),
            check=False,
        )
        counted = _count(report)
    if failed:
        teller.warn(f"Failed before the tests: {', '.join(failed)}. See above.")
    if tests.returncode != 0 and counted.failed == 0:
        teller.warn(f"The tests did not run to their end: pytest's status {tests.returncode}.")
    # An end without a failed test is a failure of the run itself.
    broken = counted.failed or int(tests.returncode != 0)
    passed = counted.passed + len(LINT) - len(failed)
    print(
        f"{passed} passed, {broken + len(failed)} failed, {counted.skipped} skipped "
        f"({len(LINT)} of lint)",
        flush=True,
    )
    return not failed and tests.returncode == 0


@dataclass(frozen=True, slots=True)
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def _count(report: Path) -> Count:
    """What pytest wrote down; nothing when it ended before it could."""
    try:
        # Written a moment ago by our own tests.
        suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314
    except (FileNotFoundError, ElementTree.ParseError):
        return Count()
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped += int(suite.get("skipped", "0"))
    return Count(max(0, total - failed - skipped), failed, skipped)


def _lint(name: str, command: Sequence[str], code: Path, teller: Teller) -> bool:
    # Our code is where they stand: on the path, mypy would take it for somebody's library.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
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
