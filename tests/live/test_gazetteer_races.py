# SPDX-License-Identifier: Apache-2.0
"""Several change one place at the same moment: nothing that was accepted is lost."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from geo.accounts.rules import Role
from geo.crs import Point
from geo.db import Database
from geo.gazetteer.actions import install_area_names
from geo.gazetteer.editing import (
    add_name,
    add_place,
    change_place,
    drop_name,
    restore_version,
    retire_place,
)
from geo.gazetteer.entries import NameKind, Place, PlaceNotFound
from geo.gazetteer.places import place
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.versions import current, history, versions
from geo.interchange.gazetteering import store_places
from geo.interchange.places import prepare_places
from tests import town
from tests.linkups import at_once

PLANNER = town.actor(Role.PLANNER)
AT = town.MORNING
SPOT = Point(*town.point(150, 150))
WORDS = "甲乙丙丁戊己庚辛"
Act = Callable[[], object]


@pytest.fixture
def rounds(deep: bool) -> int:
    """How often each race is run."""
    return 200 if deep else 5


def adding(database: Database, id: UUID, fresh: list[bool] | None = None) -> Act:
    def act() -> None:
        with database.transaction() as session:
            _, new = add_place(
                session, actor=PLANNER, id=id, kind=PlaceKind.LANDMARK, name="大厦", point=SPOT,
                at=AT,
            )  # fmt: skip
        if fresh is not None:
            fresh.append(new)

    return act


def naming(database: Database, id: UUID, name: str) -> Act:
    def act() -> None:
        with database.transaction() as session:
            add_name(session, actor=PLANNER, id=id, name=name, kind=NameKind.ALIAS, at=AT)

    return act


def renaming(database: Database, id: UUID, name: str) -> Act:
    def act() -> None:
        with database.transaction() as session:
            change_place(session, actor=PLANNER, id=id, name=name, at=AT)

    return act


def retiring(database: Database, id: UUID) -> Act:
    def act() -> None:
        with database.transaction() as session:
            retire_place(session, actor=PLANNER, id=id, at=AT)

    return act


def dropping(database: Database, id: UUID, name: str) -> Act:
    def act() -> None:
        with database.transaction() as session:
            drop_name(session, actor=PLANNER, id=id, name=name, at=AT)

    return act


def going_back(database: Database, number: int) -> Act:
    def act() -> None:
        with database.transaction() as session:
            restore_version(session, actor=PLANNER, number=number, at=AT)

    return act


def bringing_in(database: Database, path: Path) -> Act:
    prepared = prepare_places(path)

    def act() -> None:
        with database.transaction() as session:
            store_places(
                session, prepared, district=town.DISTRICT, on=AT.date(), at=AT, by="system"
            )

    return act


def planning(database: Database) -> Act:
    """The areas of the town under other names."""
    areas = [replace(area, name=f"{area.name}一") for area in town.areas()]

    def act() -> None:
        with database.transaction() as session:
            install_area_names(session, district=town.DISTRICT, areas=areas, at=AT, by="system")

    return act


def made(database: Database) -> UUID:
    id = uuid4()
    adding(database, id)()
    return id


def read(database: Database, id: UUID) -> Place:
    with database.snapshot() as session:
        return place(session, town.DISTRICT, id)


def names(database: Database, id: UUID) -> set[str]:
    return {name.text for name in read(database, id).entry.names}


def behind(database: Database, id: UUID, name: str, later: Act) -> str:
    """Start an act while a name has been added and is not committed; what the act came to."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            add_name(session, actor=PLANNER, id=id, name=name, kind=NameKind.ALIAS, at=AT)
            coming = pool.submit(at_once, later)
            with pytest.raises(TimeoutError):
                coming.result(timeout=0.3)
        (came_to,) = coming.result(timeout=10)
    return came_to


def test_of_names_learnt_at_once_all_stay(live_database: Database, rounds: int) -> None:
    for _ in range(rounds):
        id = made(live_database)
        came_to = at_once(*(naming(live_database, id, f"{word}楼") for word in WORDS))
        assert came_to == ["done"] * len(WORDS)
        assert names(live_database, id) == {"大厦", *(f"{word}楼" for word in WORDS)}
        with live_database.snapshot() as session:
            assert len(history(session, town.DISTRICT, id)) == 1 + len(WORDS)


def test_a_rename_and_a_name_at_once_both_stay(live_database: Database, rounds: int) -> None:
    for _ in range(rounds):
        id = made(live_database)
        came_to = at_once(
            renaming(live_database, id, "百货大楼"), naming(live_database, id, "老供销社")
        )
        assert came_to == ["done", "done"]
        assert read(live_database, id).entry.label == "百货大楼"
        assert names(live_database, id) == {"百货大楼", "大厦", "老供销社"}


def test_a_retired_place_does_not_come_back(live_database: Database, rounds: int) -> None:
    for _ in range(rounds):
        id = made(live_database)
        retired, *named = at_once(
            retiring(live_database, id),
            *(naming(live_database, id, f"{word}楼") for word in WORDS[:4]),
        )
        assert retired == "done"
        assert set(named) <= {"done", PlaceNotFound.code}
        with live_database.snapshot() as session:
            assert current(session, town.DISTRICT, [id]) == {}
            newest, *before = history(session, town.DISTRICT, id)
        assert newest.entry is None
        assert len(before) == 1 + named.count("done")


def test_of_one_place_added_at_once_one_is_new(live_database: Database, rounds: int) -> None:
    for _ in range(rounds):
        fresh: list[bool] = []
        id = uuid4()
        came_to = at_once(*(adding(live_database, id, fresh) for _ in range(8)))
        assert came_to == ["done"] * 8
        assert Counter(fresh) == {True: 1, False: 7}
        with live_database.snapshot() as session:
            assert len(history(session, town.DISTRICT, id)) == 1


def test_what_waits_reads_what_was_committed_meanwhile(live_database: Database) -> None:
    id = made(live_database)
    assert behind(live_database, id, "甲楼", naming(live_database, id, "乙楼")) == "done"
    assert behind(live_database, id, "丙楼", renaming(live_database, id, "百货大楼")) == "done"
    assert behind(live_database, id, "丁楼", dropping(live_database, id, "甲楼")) == "done"
    assert names(live_database, id) == {"百货大楼", "大厦", "乙楼", "丙楼", "丁楼"}
    # The name that came while going back was waiting is gone back from, too.
    with live_database.snapshot() as session:
        number = versions(session, town.DISTRICT)[0].number
    assert behind(live_database, id, "戊楼", going_back(live_database, number)) == "done"
    assert names(live_database, id) == {"百货大楼", "大厦", "乙楼", "丙楼", "丁楼"}


def test_a_name_learnt_while_a_file_or_a_plan_comes_in_stays(
    live_database: Database, tmp_path: Path
) -> None:
    id = made(live_database)
    with live_database.snapshot() as session:
        (area,) = [
            id for id, one in current(session, town.DISTRICT).items() if one.label == "北社区"
        ]
    lon, lat = town.point(150, 150)
    path = tmp_path / "地标.csv"
    path.write_text(f"名称,别名,经度,纬度\n大厦,老大厦,{lon},{lat}\n", "utf-8")
    assert behind(live_database, id, "甲楼", bringing_in(live_database, path)) == "done"
    assert names(live_database, id) == {"大厦", "老大厦", "甲楼"}
    assert behind(live_database, area, "北片", planning(live_database)) == "done"
    assert {"北社区一", "北社区", "北片"} <= names(live_database, area)
