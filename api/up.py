# SPDX-License-Identifier: Apache-2.0
"""`wangge up`: from whatever machine this is to a district on the screen, and down in order."""

import errno
import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from api import home, provision, tls
from api.children import Child
from api.code import CHECKOUT, readable_code
from api.doors import open_doors
from api.say import Teller
from geo.cluster import Cluster
from geo.postgres import database_problems
from geo.service_user import ServiceUser, SetUpError, service_user
from geo.settings import Settings

READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What `up` sets going: the product's own pieces, or a test's stand-ins."""

    migrate: Callable[[str], None]
    load_demo: Callable[[str, Path, str], bool]
    """(database, home, address of the service) -> whether this installation carries the demo."""
    service: str = "api.serve"
    clockwork: str = "api.clockwork"
    jobs: str = "api.jobs"
    simulation: tuple[str, ...] = ("api", "simulate")
    history: tuple[str, ...] = ("api", "demo", "history", "--give-way")
    code: Path = CHECKOUT


def product() -> Parts:
    # Imported here: the libraries behind them may only just have been installed.
    from api.demo import load
    from geo.db import migrate

    return Parts(migrate=migrate, load_demo=load)


def up(settings: Settings, parts: Parts, teller: Teller, *, demo: bool = True) -> None:
    """Run until Ctrl-C or SIGTERM; both end what was started, last first.

    Raises: SetUpError, with what is wrong and the way out.
    """
    # SIGINT, too: a shell that starts us in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    user = service_user()
    with ExitStack() as stack:
        stack.callback(_ignore_impatience)
        address = _address(settings)
        home.prepare(settings, user)
        stack.enter_context(home.occupied(settings.home, address))
        port = stack.enter_context(_port(settings))
        teller.line(f"wangge: home {settings.home}, address {address}")
        # Both are mostly waiting for a network: side by side.
        with ThreadPoolExecutor(1) as aside:
            fetched = aside.submit(provision.ensure_assets, teller)
            if settings.database_url is None:
                provision.ensure_postgres(settings, teller)
            fetched.result()
        code = readable_code(settings.home, user, parts.code)
        database = stack.enter_context(_database(settings, teller))
        with teller.step("bringing the tables up to date"):
            parts.migrate(database)
        # A server of the user's never gets the demo.
        carries_demo = False
        if demo and settings.database_url is None:
            with teller.step("looking after the demo district"):
                carries_demo = parts.load_demo(database, settings.home, address)
            for secrets in (settings.demo_file, settings.simulation_file):
                _give(secrets, user)
        running = settings.model_copy(update={"database_url": database, "demo": carries_demo})
        environment = _environment(running, code, user)
        certificates = None
        if not settings.loopback:
            certificates = tls.ensure_certificates(
                settings.keys_directory, settings.host, user, datetime.now(UTC)
            )
            environment["WANGGE_TLS_CERTIFICATE"] = str(certificates.certificate)
            environment["WANGGE_TLS_KEY"] = str(certificates.key)
        doors = stack.enter_context(_doors(port, settings))
        children = _children(running, parts, doors)
        stack.callback(_stop, children, running.shutdown_seconds, teller)
        with teller.step("starting the service"):
            for child in children:
                child.start(user, environment)
            _await_ready(settings, children, user, environment, certificates, teller)
        try:
            # From the line that says how to stop it on, stopping is no accident.
            _where_to_look(running, address, certificates, teller)
            # The demo's past comes after its present: nobody waits for it.
            for child in _afterwards(running, parts):
                children.append(child)
                child.start(user, environment)
            while True:
                time.sleep(0.5)
                for child in children:
                    child.watch(user, environment, teller.warn)
        except KeyboardInterrupt:
            teller.line("wangge: stopping")


def _ignore_impatience() -> None:
    """Only now do further signals count again; see ``_stop``."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _address(settings: Settings) -> str:
    name = tls.outside_name(settings.host)
    scheme = "http" if settings.loopback else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{settings.port}"


@contextmanager
def _port(settings: Settings) -> Iterator[socket.socket]:
    """The port, taken at once: whoever has it is named before anything is installed."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise SetUpError(
            f"The host {settings.host} is unknown here ({error.strerror}). "
            "Give an address of this machine with --host."
        ) from error
    refused: OSError | None = None
    for family, kind, protocol, _, place in found:
        with ExitStack() as stack:
            try:
                listening = stack.enter_context(socket.socket(family, kind, protocol))
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(place)
            except OSError as error:
                # "localhost" may have an address of a kind that this machine does not speak.
                refused = refused or error
                continue
            yield listening
            return
    assert refused is not None
    raise _no_port(settings, refused) from refused


@contextmanager
def _doors(port: socket.socket, settings: Settings) -> Iterator[list[socket.socket]]:
    """The port opened: a listening socket for each process of the service."""
    try:
        doors = open_doors(port, settings.processes)
    except OSError as error:
        raise _no_port(settings, error) from error
    with ExitStack() as stack:
        for door in doors:
            stack.enter_context(door)
        yield doors


def _no_port(settings: Settings, error: OSError) -> SetUpError:
    where = f"port {settings.port} of {settings.host}"
    if error.errno == errno.EADDRINUSE:
        return SetUpError(
            f"Another program already listens on {where}. "
            "Stop it, or choose another port with --port N."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return SetUpError(
            f"{settings.host} is not an address of this machine. "
            "Give one of its own with --host, or 0.0.0.0 for all of them."
        )
    return SetUpError(f"No way to listen on {where}: {error.strerror}. Try --port 8600 or above.")


@contextmanager
def _database(settings: Settings, teller: Teller) -> Iterator[str]:
    """The private cluster's database, or the user's server once it has been looked over."""
    if settings.database_url is not None:
        with teller.step("looking over the database of DATABASE_URL"):
            _refuse_problems(settings.database_url)
        yield settings.database_url
        return
    cluster = Cluster(settings.cluster_directory, prefix=settings.system_prefix)
    with ExitStack() as stack:
        with teller.step("starting the database"):
            # Before the start: a Ctrl-C in the midst of it must not leave a server behind.
            stack.callback(cluster.stop)
            cluster.start()
            database = cluster.create_database(settings.database)
            _refuse_problems(database)
        yield database
        teller.line("  stopping the database")


def _refuse_problems(database: str) -> None:
    problems = database_problems(database)
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise SetUpError(f"The database cannot hold a district yet:\n{listed}")


def _give(path: Path, user: ServiceUser) -> None:
    """The simulation, which runs as the service's user, reads the accounts too."""
    if os.geteuid() == 0 and path.exists():
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _environment(settings: Settings, code: Path, user: ServiceUser) -> dict[str, str]:
    if user.privileges:
        # Root's own variables (HOME, XDG_*) point to places that this user cannot read.
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(settings.metrics_directory)}
    else:
        variables = dict(os.environ)
    variables |= settings.environment()
    variables |= {"PYTHONPATH": str(code), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
    variables["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_directory)
    return variables


def _children(settings: Settings, parts: Parts, doors: Sequence[socket.socket]) -> list[Child]:
    """In the order of starting; they end in the opposite one."""
    logs = settings.logs_directory
    descriptors = tuple(door.fileno() for door in doors)
    children = [
        Child(
            f"service {number + 1}",
            parts.service,
            [str(number), *map(str, descriptors)],
            logs / f"service-{number + 1}.log",
            pass_fds=descriptors,
        )
        for number in range(settings.processes)
    ]
    children.append(Child("clockwork", parts.clockwork, [], logs / "clockwork.log"))
    children.append(Child("answer clock", parts.clockwork, ["answers"], logs / "answers.log"))
    children.append(Child("jobs", parts.jobs, [], logs / "jobs.log"))
    if settings.demo:
        module, *arguments = parts.simulation
        arguments += ["--home", str(settings.home)]
        children.append(
            Child("simulation", module, arguments, logs / "simulation.log", needed=False)
        )
    return children


def _afterwards(settings: Settings, parts: Parts) -> list[Child]:
    """What is begun once everybody can be served, and ends by itself."""
    if not settings.demo:
        return []
    module, *arguments = parts.history
    log = settings.logs_directory / "history.log"
    return [Child("history", module, arguments, log, needed=False)]


def _stop(children: Sequence[Child], seconds: float, teller: Teller) -> None:
    # The second Ctrl-C of somebody impatient must not leave half of it running.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in reversed(children):
        if child.process is not None:
            teller.line(f"  stopping {child.name}")
        # A little longer than it allows itself.
        child.stop(seconds + 2)


def _await_ready(
    settings: Settings,
    children: Sequence[Child],
    user: ServiceUser,
    environment: Mapping[str, str],
    certificates: tls.Certificates | None,
    teller: Teller,
) -> None:
    trusted: ssl.SSLContext | bool = True
    if certificates is not None:
        trusted = ssl.create_default_context(cafile=str(certificates.ca))
    deadline = time.monotonic() + READY_WITHIN_S
    answer = "no answer"
    # trust_env: a proxy of the user's is not asked for our own machine.
    with httpx2.Client(verify=trusted, trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            try:
                response = client.get(f"{_address(settings)}/readyz")
            except httpx2.TransportError as error:
                answer = str(error) or type(error).__name__
            else:
                if response.status_code == 200:
                    return
                answer = f"status {response.status_code}: {response.text[:500]}"
            for child in children:
                child.watch(user, environment, teller.warn)
            time.sleep(0.1)
    raise SetUpError(
        f"The service was not ready within {READY_WITHIN_S:.0f} s ({answer}).\n"
        f"The last lines of {children[0].log}:\n{children[0].last_lines()}\n"
        "`wangge doctor` looks over the installation."
    )


def _where_to_look(
    settings: Settings, address: str, certificates: tls.Certificates | None, teller: Teller
) -> None:
    teller.line("")
    teller.line(f"wangge is ready:  {address}/wall")
    if settings.demo and settings.demo_file.exists():
        accounts = json.loads(settings.demo_file.read_text())["accounts"]
        teller.line(f"accounts:         {', '.join(accounts)}: see {settings.demo_file}")
        # On a screen for the one who sits there; never into a log.
        if teller.console.is_terminal and "dispatcher" in accounts:
            one = accounts["dispatcher"]
            teller.line(f"sign in as:       {one['username']}  password {one['password']}")
    else:
        teller.line(
            "sign in:          make the first account with: wangge accounts add NAME --role admin"
        )
    if certificates is not None:
        teller.line(f"trust on phones:  {certificates.ca}  (this installation's own certificate)")
    teller.line("Ctrl-C stops it.")
    teller.line("")
