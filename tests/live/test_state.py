# SPDX-License-Identifier: Apache-2.0
"""Old snapshot + what the feed says == fresh snapshot, for everybody, over real connections."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from api.kinds import PAGE, written
from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.crs import Fix, Point
from geo.ids import CheckInId, IncidentId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.linkups import accept_linkup
from geo.incidents.queries import linkups_of
from geo.incidents.rules import Report, SaidPlace, Severity
from geo.patrol.check_ins import take_check_in
from geo.patrol.records import Claim
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
                # On a busy machine what was committed last may come after a sign of life or two.
                alive += 1
                if alive == 5:
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


def see_all(served: Served, clock: SetClock) -> None:
    """Everybody goes on duty, is seen in the middle of his cell and checks in there."""
    now = clock.now()
    for number, worker in enumerate(town.WORKERS.values()):
        actor = town.actor(Role.WORKER, worker=worker)
        row, column = divmod(number, 3)
        lon, lat = town.point(50 + 100 * column, 250 - 100 * row)
        fix = Fix(lon=lon, lat=lat, accuracy_m=Metres(8.0), observed_at=now)
        with served.database.transaction() as session:
            set_duty(session, actor=actor, worker=worker, on=True, duty_at=now, at=now)
        with served.database.transaction() as session:
            store_positions(session, actor=actor, items=[(worker, fix)], at=now)
        claim = Claim(id=CheckInId(uuid4()), worker=worker, checkpoint=None, fix=fix)
        with served.database.transaction() as session:
            take_check_in(session, actor=actor, claim=claim, at=now)


def emergency(served: Served, clock: SetClock, east_m: float, north_m: float) -> None:
    """Somebody reports, workers are called, one takes it, the first such is closed again."""
    now = clock.now()
    dispatcher = town.actor(Role.DISPATCHER)
    report = Report(
        id=IncidentId(uuid4()),
        title="枯树",
        category="突发事件",
        severity=Severity.EMERGENCY,
        place=SaidPlace(point=Point(*town.point(east_m, north_m))),
    )
    with served.database.transaction() as session:
        report_incident(session, actor=dispatcher, report=report, at=now)
    with served.database.snapshot() as session:
        linkup = linkups_of(session, town.DISTRICT, [report.id])[report.id]
    answering = town.actor(Role.WORKER, worker=linkup.asked[0].worker)
    with served.database.transaction() as session:
        accept_linkup(session, actor=answering, linkup=linkup.id, at=now)
    if north_m > 200:
        with served.database.transaction() as session:
            close_incident(session, actor=dispatcher, incident=report.id, outcome="已清理", at=now)


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
    see_all(served, clock)
    emergency(served, clock, 150, 250)
    act(served, clock, 0)
    with Reader(served, token, after=before["seq"], epoch=before["epoch"]) as reader:
        with following(known, reader):
            writers = [threading.Thread(target=act, args=(served, clock, n)) for n in (1, 2)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            see_all(served, clock)
            emergency(served, clock, 150, 150)
        _, fresh = served.ask("GET", "/api/v1/state", token)
    # Positions are not facts: one may be dropped, so they are compared where that cannot be.
    known.pop("positions")
    assert known == {name: found for name, found in rows(fresh).items() if name != "positions"}
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
    assert page == written(page), "run python -m api.kinds --write"
