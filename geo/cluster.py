# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL that `wangge` owns when no DATABASE_URL is given.

It listens on a Unix socket alone, runs in a session of its own so that a killed `wangge` does not
take it down half-way, and is adopted by the next start when it is still alive.

Whether it is alive is asked of /proc (a process whose working directory is our data directory),
not of the pid file: after a crash that number may belong to somebody else's process.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from geo.postgres import EXTENSIONS, Programs, find_programs
from geo.processes import command_line, family, postmaster_of
from geo.service_user import ServiceUser, SetUpError, service_user

ROLE = "wangge"
PORT = 5432
# The kernel's limit on a socket's path is 107 bytes and a closing zero; libpq stops a little early.
LONGEST_SOCKET_PATH = 103
# Marks a server as started by us: one that an administrator started by hand is never stopped.
MARK = "cluster_name=wangge"
LOG_BYTES = 16 * 1024 * 1024


class ClusterError(SetUpError):
    """The private cluster cannot be used."""


class Cluster:
    """One private PostgreSQL in ``directory``: ``data/``, ``run/`` (its socket), ``server.log``.

    ``durable=False`` is for tests alone: it trades safety against power cuts for speed.
    ``prefix`` names a directory that PostgreSQL's packages were unpacked into.

    Several processes may use one cluster at once: the last one to ``stop()`` ends the server.
    """

    def __init__(
        self, directory: Path, *, durable: bool = True, prefix: Path | None = None
    ) -> None:
        self.directory = Path(os.path.abspath(directory))
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.durable = durable
        self._prefix = prefix
        self._in_use: int | None = None

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring the server up, or adopt the one that is; made on the first call. Idempotent.

        Raises: ClusterError, with what is wrong and the way out.
        """
        if self._in_use is not None:
            return
        user = service_user()
        self._prepare_directory(user)
        with self._lock():
            programs = self._programs()
            if not self.data.exists():
                self._initialise(programs, user)
            socket_directory = self._prepare_socket_directory(user)
            if postmaster_of(self.data) is None:
                self._clear_leftovers(socket_directory)
                self._launch(programs, user, socket_directory)
            else:
                self._await_ready(None)
            if self.durable:
                self._refuse_unsafe_settings()
            self._in_use = self._open("users.lock")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def stop(self) -> None:
        """End the server, unless another process still uses it or somebody else started it."""
        if self._in_use is None:
            return
        with self._lock():
            descriptor, self._in_use = self._in_use, None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                os.close(descriptor)
            postmaster = postmaster_of(self.data)
            if postmaster is None or MARK not in command_line(postmaster):
                return
            # Fast shutdown: running statements are rolled back, nothing committed is lost.
            self._signal([postmaster], signal.SIGINT)
            if not self._await_end(seconds=30):
                self._signal(family(self.data), signal.SIGQUIT)
                self._await_end(seconds=10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether a server works on our data directory now, whoever started it."""
        return postmaster_of(self.data) is not None

    @property
    def postmaster(self) -> int | None:
        """Process id of the running server."""
        return postmaster_of(self.data)

    # -- databases ----------------------------------------------------------------------------

    @property
    def socket_directory(self) -> Path:
        """Where the socket lies: in ``directory``, or in a short place when that is too deep."""
        own = self.directory / "run"
        if len(os.fsencode(own / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return own
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        if os.geteuid() == 0:
            return Path("/run") / f"wangge-{digest}"
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        base = Path(runtime) if runtime.startswith("/") else Path(tempfile.gettempdir())
        if len(os.fsencode(base)) > 60:
            base = Path("/tmp")  # noqa: S108  (owner and mode are checked before use)
        return base / f"wangge-{os.geteuid()}-{digest}"

    def url(self, database: str) -> str:
        """An SQLAlchemy address of ``database``, over the socket."""
        return URL.create(
            "postgresql+psycopg",
            username=ROLE,
            port=PORT,
            database=database,
            query={"host": str(self.socket_directory)},
        ).render_as_string(hide_password=False)

    def create_database(
        self, name: str, *, template: str | None = None, exist_ok: bool = True
    ) -> str:
        """Make ``name`` with our extensions, or as a copy of ``template``; answers its URL.

        Raises: psycopg.errors.DuplicateDatabase when it is there and ``exist_ok`` is False.
        """
        with self._connect("postgres") as connection:
            there = connection.execute(
                "select from pg_database where datname = %s", (name,)
            ).fetchone()
            if there is None or not exist_ok:
                statement = sql.SQL("create database {}").format(sql.Identifier(name))
                if template is not None:
                    statement += sql.SQL(" template {}").format(sql.Identifier(template))
                connection.execute(statement)
        if template is None:
            # Asked for each time: a start that was killed between the two is healed here.
            with self._connect(name) as connection:
                for extension in EXTENSIONS:
                    connection.execute(
                        sql.SQL("create extension if not exists {}").format(
                            sql.Identifier(extension)
                        )
                    )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove ``name`` and all in it, ending its connections; nothing when it is not there."""
        with self._connect("postgres") as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_directory),
            port=PORT,
            user=ROLE,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    # -- directories --------------------------------------------------------------------------

    def _prepare_directory(self, user: ServiceUser) -> None:
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
            with contextlib.suppress(FileExistsError):
                self.directory.mkdir(mode=0o700)
                os.chown(self.directory, user.uid, user.gid, follow_symlinks=False)
        except OSError as error:
            raise ClusterError(
                f"The directory {self.directory} cannot be made: {error.strerror}. "
                "Choose another place with --home DIR."
            ) from error
        if not self.directory.is_dir():
            raise ClusterError(f"{self.directory} is not a directory. Choose another --home DIR.")
        found = self.directory.stat()
        if found.st_uid != user.uid:
            if os.geteuid() != 0:
                raise ClusterError(
                    f"The directory {self.directory} belongs to another user. Run as that user, "
                    "or choose another place with --home DIR."
                )
            os.chown(self.directory, user.uid, user.gid, follow_symlinks=False)
        if found.st_mode & 0o077:
            self.directory.chmod(0o700)
        if not user.can_enter(self.directory):
            raise ClusterError(
                f"The user '{user.name}', who runs the database, cannot enter {self.directory}: a "
                "directory above it is closed to other users. Choose a home outside, for example "
                "--home /var/lib/wangge."
            )

    def _prepare_socket_directory(self, user: ServiceUser) -> Path:
        directory = self.socket_directory
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            os.chown(directory, user.uid, user.gid, follow_symlinks=False)
        found = directory.lstat()
        # In a place open to all somebody could have been faster than we.
        if not directory.is_dir() or directory.is_symlink() or found.st_uid != user.uid:
            raise ClusterError(
                f"{directory} is not a directory of the user '{user.name}', so the database "
                "cannot put its socket there. Remove it, or choose a shorter --home DIR."
            )
        if found.st_mode & 0o077:
            directory.chmod(0o700)
        return directory

    def _open(self, name: str) -> int:
        # O_NOFOLLOW: root opens files in a directory that belongs to the service user.
        path = self.directory / name
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time makes, starts or stops this cluster."""
        descriptor = self._open("cluster.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _programs(self) -> Programs:
        version_file = self.data / "PG_VERSION"
        version = int(version_file.read_text().strip()) if version_file.exists() else None
        programs = find_programs(self._prefix, version=version)
        if programs is not None:
            return programs
        if version is not None and find_programs(self._prefix) is not None:
            raise ClusterError(
                f"The data in {self.data} was written by PostgreSQL {version}, which is no longer "
                f"installed. Install postgresql-{version}-postgis-3 again, or move the data with "
                "pg_upgrade."
            )
        raise ClusterError(
            "PostgreSQL with PostGIS is not installed. On Debian: "
            "apt-get install postgresql-postgis"
        )

    # -- making and starting ------------------------------------------------------------------

    def _initialise(self, programs: Programs, user: ServiceUser) -> None:
        unfinished = self.directory / "data.init"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        command = [programs.path("initdb"), "-D", str(unfinished), "-U", ROLE]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "-k"]
        command += ["--auth-local=trust", "--auth-host=reject"]
        if not self.durable:
            command.append("--no-sync")
        made = subprocess.run(
            command,
            cwd=self.directory,
            env=self._environment(programs),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **user.privileges,
        )
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ClusterError(f"Making the database in {self.data} failed:\n{made.stdout.strip()}")
        # Only a finished directory ever carries the real name.
        unfinished.rename(self.data)

    def _launch(self, programs: Programs, user: ServiceUser, socket_directory: Path) -> None:
        self._turn_log()
        command = [programs.path("postgres"), "-D", str(self.data), "-p", str(PORT)]
        for setting in (MARK, f"unix_socket_directories={socket_directory}", *self._tuning()):
            command += ["-c", setting]
        log = os.open(
            self.log,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
        )
        try:
            # The shell steps out of the way: the server is nobody's child but init's, in a session
            # of its own, and Ctrl-C in our terminal does not reach it.
            launched = subprocess.run(
                ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command],
                cwd=self.directory,
                env=self._environment(programs),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
                start_new_session=True,
                **user.privileges,
            )
        finally:
            os.close(log)
        self._await_ready(int(launched.stdout))

    def _tuning(self) -> Iterator[str]:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        shared = max(64, min(1024, memory // 8)) if self.durable else 64
        safe = "on" if self.durable else "off"
        yield "listen_addresses="
        yield "unix_socket_permissions=0700"
        yield f"fsync={safe}"
        yield f"full_page_writes={safe}"
        # On for the tests too: without flushing to disk it costs nothing, and what was committed
        # survives a kill of the server there as well.
        yield "synchronous_commit=on"
        yield f"shared_buffers={shared}MB"
        yield f"effective_cache_size={max(256, memory // 2)}MB"
        yield "maintenance_work_mem=128MB"
        yield "work_mem=16MB"
        yield "max_connections=150"
        yield f"max_wal_size={'2GB' if self.durable else '256MB'}"
        yield "wal_compression=lz4"
        yield "random_page_cost=1.1"
        # Our statements are short: compiling them costs more than it saves.
        yield "jit=off"
        yield "timezone=UTC"
        yield "log_timezone=UTC"
        yield "log_line_prefix=%m [%p] %d "

    def _environment(self, programs: Programs) -> dict[str, str]:
        # Not ours: PGPORT, PGOPTIONS and their like would change the server behind our back.
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **programs.environment}

    def _turn_log(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.lstat().st_size > LOG_BYTES:
                self.log.rename(self.log.with_suffix(".log.1"))

    def _await_ready(self, launched: int | None) -> None:
        deadline = time.monotonic() + 120  # recovery after a crash may replay much
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                reason = str(error)
            else:
                return
            alive = postmaster_of(self.data) is not None or (
                launched is not None and Path(f"/proc/{launched}/cwd").exists()
            )
            if not alive or time.monotonic() > deadline:
                raise ClusterError(
                    f"The database in {self.data} does not start: {' '.join(reason.split())}\n"
                    f"The last lines of {self.log}:\n{self._log_tail()}"
                )
            time.sleep(0.02)

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        except FileNotFoundError:
            return "(none)"

    def _refuse_unsafe_settings(self) -> None:
        with self._connect("postgres") as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                row = connection.execute("select current_setting(%s)", (setting,)).fetchone()
                if row is None or row[0] == "off":
                    raise ClusterError(
                        f"The running database in {self.data} has {setting} off, so what it "
                        "answers as stored could be lost. Stop that server and start again."
                    )

    # -- processes ----------------------------------------------------------------------------

    def _clear_leftovers(self, socket_directory: Path) -> None:
        """End what a killed server left behind, and remove files that would stop a new one."""
        leftovers = family(self.data)
        if leftovers:
            self._signal(leftovers, signal.SIGQUIT)
            if not self._await_end(seconds=10):
                self._signal(family(self.data), signal.SIGKILL)
                self._await_end(seconds=10)
        stale = [self.data / "postmaster.pid"]
        stale += [socket_directory / f".s.PGSQL.{PORT}{end}" for end in ("", ".lock")]
        for path in stale:
            path.unlink(missing_ok=True)

    def _signal(self, processes: list[int], number: signal.Signals) -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _await_end(self, *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while family(self.data):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True
