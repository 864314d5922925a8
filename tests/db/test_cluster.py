# SPDX-License-Identifier: Apache-2.0
"""The private cluster, with real servers, through the crashes it must survive."""

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from geo.cluster import Cluster, ClusterError
from geo.postgres import conninfo, database_problems
from geo.service_user import service_user
from tests.places import open_directory


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A cluster that was made once: each test takes a copy, which is faster than initdb."""
    with open_directory() as place:
        cluster = Cluster(place / "cluster", durable=False)
        with cluster:
            cluster.create_database("town")
            with psycopg.connect(conninfo(cluster.url("town"))) as connection:
                connection.execute("create table fact (id int)")
        yield place / "cluster"


@pytest.fixture
def place() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def cluster(template: Path, place: Path) -> Iterator[Cluster]:
    subprocess.run(["cp", "-a", str(template), str(place / "cluster")], check=True)
    copy = Cluster(place / "cluster", durable=False)
    yield copy
    if copy.running:
        copy.start()
        copy.stop()
    assert not copy.running


def count(cluster: Cluster) -> int:
    with psycopg.connect(conninfo(cluster.url("town"))) as connection:
        row = connection.execute("select count(*) from fact").fetchone()
        assert row is not None
        return int(row[0])


def add(cluster: Cluster) -> None:
    with psycopg.connect(conninfo(cluster.url("town"))) as connection:
        connection.execute("insert into fact values (1)")


def await_death(process: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process}/cwd").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_new_durable_cluster_has_no_problems(place: Path) -> None:
    with Cluster(place / "cluster") as cluster:
        url = cluster.create_database("wangge")
        assert database_problems(url) == []
        assert cluster.create_database("wangge") == url
        with pytest.raises(psycopg.errors.DuplicateDatabase):
            cluster.create_database("wangge", exist_ok=False)
        copy = cluster.create_database("copy", template="wangge")
        assert database_problems(copy) == []
        cluster.drop_database("copy")
        cluster.drop_database("copy")
        assert any("No connection" in str(problem) for problem in database_problems(copy))
    assert not cluster.running
    assert (place / "cluster").stat().st_mode & 0o077 == 0


def test_what_is_wrong_with_a_database_is_named(cluster: Cluster) -> None:
    with cluster:
        with psycopg.connect(conninfo(cluster.url("postgres")), autocommit=True) as connection:
            connection.execute(
                "create database plain template template0 encoding 'SQL_ASCII' "
                "lc_collate 'C' lc_ctype 'C'"
            )
            connection.execute("create database mute template template0 lc_ctype 'C'")
        with psycopg.connect(conninfo(cluster.url("mute"))) as connection:
            connection.execute("create extension pg_trgm")
        plain = " ".join(map(str, database_problems(cluster.url("plain"))))
        mute = " ".join(map(str, database_problems(cluster.url("mute"))))
    assert "encoded in SQL_ASCII" in plain
    assert "extension postgis is missing" in plain
    # The tests' own cluster trades safety for speed, and that is seen too.
    assert "fsync is off" in plain
    assert "no trigrams" in mute


def test_a_second_start_keeps_the_data(cluster: Cluster) -> None:
    with cluster:
        add(cluster)
    with cluster:
        assert count(cluster) == 1


def test_two_users_share_one_server_and_the_last_one_ends_it(cluster: Cluster) -> None:
    other = Cluster(cluster.directory, durable=False)
    cluster.start()
    other.start()
    assert cluster.postmaster == other.postmaster
    cluster.stop()
    assert count(other) == 0
    other.stop()
    assert not other.running


def test_kill_of_the_server_loses_nothing_that_was_committed(cluster: Cluster) -> None:
    cluster.start()
    add(cluster)
    postmaster = cluster.postmaster
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    await_death(postmaster)
    again = Cluster(cluster.directory, durable=False)
    again.start()
    assert count(again) == 1
    cluster.stop()
    again.stop()


def test_a_busy_orphan_of_a_killed_server_is_ended(cluster: Cluster) -> None:
    cluster.start()
    busy = psycopg.connect(conninfo(cluster.url("town")), autocommit=True)
    # Counts without looking up, so it does not notice that its server is gone.
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 1000000000000)")
    backend = busy.info.backend_pid
    time.sleep(0.1)
    postmaster = cluster.postmaster
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    await_death(postmaster)
    assert Path(f"/proc/{backend}/cwd").exists()
    assert not cluster.running
    again = Cluster(cluster.directory, durable=False)
    again.start()
    assert not Path(f"/proc/{backend}/cwd").exists()
    assert count(again) == 0
    busy.close()
    cluster.stop()
    again.stop()


def test_a_live_server_is_adopted(cluster: Cluster) -> None:
    # As after a kill of the process that started it: its lock is gone, the server is not.
    script = (
        "import sys, os; from pathlib import Path; from geo.cluster import Cluster\n"
        "Cluster(Path(sys.argv[1]), durable=False).start(); os._exit(0)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(cluster.directory)],
        check=True,
        cwd=Path(__file__).parents[2],
    )
    started = cluster.postmaster
    assert started is not None
    with psycopg.connect(conninfo(cluster.url("town"))) as busy:
        busy.execute("insert into fact values (1)")
        cluster.start()
        assert cluster.postmaster == started
    assert count(cluster) == 1
    cluster.stop()
    assert not cluster.running


def test_a_server_that_somebody_else_started_is_left_running(cluster: Cluster) -> None:
    programs = cluster._programs()
    user = service_user()
    command = [programs.path("pg_ctl"), "-D", str(cluster.data), "-l", "/dev/null", "-w", "start"]
    command += ["-o", f"-c listen_addresses= -c unix_socket_directories={cluster.socket_directory}"]
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **user.privileges)
    theirs = cluster.postmaster
    cluster.start()
    cluster.stop()
    assert cluster.postmaster == theirs
    assert theirs is not None
    os.kill(theirs, signal.SIGINT)
    await_death(theirs)


def test_a_reused_process_number_in_the_pid_file_does_no_harm(cluster: Cluster) -> None:
    user = service_user()
    with subprocess.Popen(["sleep", "60"], **user.privileges) as stranger:
        (cluster.data / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster.data}\n1\n5432\n")
        os.chown(cluster.data / "postmaster.pid", user.uid, user.gid)
        with cluster:
            assert count(cluster) == 0
        assert stranger.poll() is None
        stranger.terminate()


def test_an_unfinished_beginning_is_begun_again(place: Path) -> None:
    directory = place / "cluster"
    (directory / "data.init" / "base").mkdir(parents=True)
    with Cluster(directory, durable=False) as cluster:
        assert cluster.running
    assert not (directory / "data.init").exists()


def test_a_path_too_long_for_a_socket_gets_a_short_one(template: Path, place: Path) -> None:
    deep = place / ("long" * 12) / ("name" * 12)
    deep.mkdir(parents=True)
    for directory in (deep, deep.parent):
        directory.chmod(0o755)
    subprocess.run(["cp", "-a", str(template), str(deep / "cluster")], check=True)
    with Cluster(deep / "cluster", durable=False) as cluster:
        assert len(str(cluster.socket_directory)) < 90
        assert cluster.socket_directory.stat().st_mode & 0o777 == 0o700
        assert count(cluster) == 0
    cluster.socket_directory.rmdir()


def test_a_durable_store_is_not_run_on_an_unsafe_server(cluster: Cluster) -> None:
    with cluster, pytest.raises(ClusterError, match="fsync off"):
        Cluster(cluster.directory).start()


def test_a_file_in_the_way_is_named(place: Path) -> None:
    (place / "cluster").write_text("")
    with pytest.raises(ClusterError, match="--home"):
        Cluster(place / "cluster").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_is_given_up(cluster: Cluster) -> None:
    with cluster:
        assert cluster.postmaster is not None
        owner = Path(f"/proc/{cluster.postmaster}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name == "wangge"
        groups = Path(f"/proc/{cluster.postmaster}/status").read_text()
        assert "Groups:\t \n" in groups or "Groups:\t\n" in groups


@pytest.mark.skipif(os.geteuid() != 0, reason="as root everything is open")
def test_root_is_told_that_a_closed_home_cannot_be_used(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="cannot enter"):
        Cluster(closed / "cluster").start()
