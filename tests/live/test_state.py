# SPDX-License-Identifier: Apache-2.0
"""Old snapshot + what the feed says == fresh snapshot, for everybody, over real connections."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api.kinds import PAGE, written
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.crs import Fix
from geo.tracking.actions import store_positions
from geo.units import Metres
from geo.workforce.actions import set_duty, update_worker
from tests import town
from tests.serving import Reader, Said, Served

Rows = dict[str, dict[str, Any]]


def rows(state: dict[str, Any]) -> dict[str, Rows]:
    """A snapshot's rows by collection and key."""
    return {
        name: {row["worker" if name == "positions" else "id"]: row for row in found}
        for name, found in state["collections"].items()
    }


@contextmanager
def following(known: dict[str, Rows], reader: Reader) -> Iterator[None]:
    """Keep rows true as a page does; at the end of the block wait until the stream says no more."""
    quiet = threading.Event()
    ended = threading.Event()

    def read() -> None:
        alive = 0
        for said in reader.messages():
            if said.comment is None:
                alive = 0
                fold(known, said)
            elif ended.is_set():
                # What had been committed when the block ended is sent before the next sign of life.
                alive += 1
                if alive == 2:
                    quiet.set()
                    return

    thread = threading.Thread(target=read)
    thread.start()
    yield
    ended.set()
    assert quiet.wait(10)
    thread.join()


def fold(known: dict[str, Rows], said: Said) -> None:
    """Put one message in its place, as the page's store does."""
    if said.event == "position":
        known["positions"][said.data["worker"]] = said.data
    elif said.id is not None and said.data["collection"]:
        body = said.data["body"]
        known[said.data["collection"]][said.data["id"]] = body
        if said.data["collection"] == "workers" and not body["on_duty"]:
            known["positions"].pop(said.data["id"], None)


def act(served: Served, clock: SetClock, seed: int) -> None:
    """A little of everything that moves a wall."""
    names = list(town.WORKERS)
    for step in range(12):
        name = names[(seed + step) % len(names)]
        worker = town.WORKERS[name]
        actor = town.actor(Role.WORKER, worker=worker)
        now = clock.now()
        with served.database.transaction() as session:
            set_duty(session, actor=actor, worker=worker, on=step % 3 > 0, duty_at=now, at=now)
        with served.database.transaction() as session:
            update_worker(
                session,
                actor=town.actor(Role.ADMIN),
                worker=worker,
                name=f"{name} {seed} {step}",
                at=now,
            )


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.ADMIN, "210503"),
        (Role.SUPERVISOR, "210503101"),
        (Role.SUPERVISOR, "210503101002001"),
        (Role.PLANNER, "210503102"),
        (Role.VIEWER, "210503"),
    ],
)
def test_a_page_stays_true(served: Served, clock: SetClock, role: Role, scope: str) -> None:
    token = served.sign_in(served.account(role, scope=scope))
    _, before = served.ask("GET", "/api/v1/state", token)
    known = rows(before)
    start = {name: dict(found) for name, found in known.items()}
    # Half of it happens before the stream opens, half while it is open.
    act(served, clock, 0)
    with Reader(served, token, after=before["seq"], epoch=before["epoch"]) as reader:
        with following(known, reader):
            writers = [threading.Thread(target=act, args=(served, clock, n)) for n in (1, 2)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
        _, fresh = served.ask("GET", "/api/v1/state", token)
    assert known == rows(fresh)
    assert known != start, "nothing changed: the test says nothing"


def test_positions_appear_and_vanish_with_duty(served: Served, clock: SetClock) -> None:
    token = served.sign_in(served.account(Role.DISPATCHER))
    viewer = served.sign_in(served.account(Role.VIEWER))
    _, before = served.ask("GET", "/api/v1/state", token)
    known = rows(before)
    worker, now = town.WORKERS["N1"], clock.now()
    actor = town.actor(Role.WORKER, worker=worker)
    lon, lat = town.point(50, 250)
    fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(8.0), observed_at=now)
    with Reader(served, token, after=before["seq"], epoch=before["epoch"]) as reader:
        next(reader.messages())
        with served.database.transaction() as session:
            store_positions(session, actor=actor, items=[(worker, fix)], at=now)
        fold(known, next(said for said in reader.messages() if said.event == "position"))
        _, fresh = served.ask("GET", "/api/v1/state", token)
        assert known["positions"] == rows(fresh)["positions"] != {}
        assert served.ask("GET", "/api/v1/state", viewer)[1]["collections"]["positions"] == []
        with served.database.transaction() as session:
            set_duty(session, actor=actor, worker=worker, on=False, duty_at=now, at=now)
        fold(known, next(reader.facts()))
        _, after = served.ask("GET", "/api/v1/state", token)
        assert known["positions"] == rows(after)["positions"] == {}


def test_the_table_of_kinds_is_that_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run python -m api.kinds"
