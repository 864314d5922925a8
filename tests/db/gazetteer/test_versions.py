# SPDX-License-Identifier: Apache-2.0
"""The gazetteer changes by versions, by hand and from files, and goes back."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import shapely
from sqlalchemy import text

from geo.accounts.rules import OutOfScope, Role, RoleNotAllowed
from geo.crs import Point
from geo.db import Database
from geo.errors import IdReused
from geo.gazetteer import drawing
from geo.gazetteer.actions import install_area_names
from geo.gazetteer.editing import (
    add_name,
    add_place,
    change_place,
    drop_name,
    restore_version,
    retire_place,
)
from geo.gazetteer.entries import (
    HouseIncomplete,
    NameAbsent,
    NameKind,
    NameUnusable,
    NothingNew,
    PlaceNotFound,
    PlaceOfPlan,
    PlaceOutside,
    VersionKind,
    VersionNotFound,
)
from geo.gazetteer.places import place, places
from geo.gazetteer.queries import geocode
from geo.gazetteer.rules import PlaceKind
from geo.gazetteer.versions import current, history, versions
from geo.ids import Level
from geo.interchange.gazetteering import PlacesStored, RowsBad, store_places
from geo.interchange.places import prepare_places
from tests import town
from tests.files import write_shapefile

PLANNER = town.actor(Role.PLANNER)
AT = town.MORNING
SPOT = Point(*town.point(150, 150))


def best(database: Database, said: str) -> tuple[str, float] | None:
    with database.snapshot() as session:
        found = geocode(session, town.DISTRICT, said, limit=1, on=town.IN_FORCE_FROM)
    return (found[0].label, found[0].score) if found else None


def id_of(database: Database, label: str) -> UUID:
    with database.snapshot() as session:
        (id,) = [id for id, one in current(session, town.DISTRICT).items() if one.label == label]
    return id


def everything(database: Database) -> dict[str, object]:
    """All that the tables of the gazetteer hold, but for the version each place came with."""
    with database.snapshot() as session:
        return {
            table: sorted(map(str, session.execute(text(f"select {columns} from {table}"))))
            for table, columns in (
                ("place", "id, kind, label, street, estate, number, ST_AsText(point)"),
                ("place_name", "place, name, kind"),
                ("street", "name, kind, ST_AsText(line)"),
            )
        }


def test_a_town_is_its_first_version(database: Database) -> None:
    with database.snapshot() as session:
        (first,) = versions(session, town.DISTRICT)
        assert (first.number, first.kind, first.by) == (1, VersionKind.INSTALL, "system")
        assert first.added == len(current(session, town.DISTRICT))


def test_a_place_comes_changes_and_goes(database: Database) -> None:
    id = uuid4()
    with database.transaction() as session:
        made, fresh = add_place(
            session, actor=PLANNER, id=id, kind=PlaceKind.LANDMARK, name="供销大厦", point=SPOT,
            at=AT, aliases=["老供销社"],
        )  # fmt: skip
        assert (made.entry.label, made.version, fresh) == ("供销大厦", 2, True)
    assert best(database, "老供销社") == ("供销大厦", 1.0)
    with database.transaction() as session:
        again, fresh = add_place(
            session, actor=PLANNER, id=id, kind=PlaceKind.LANDMARK, name="供销大厦", point=SPOT,
            at=AT, aliases=["老供销社"],
        )  # fmt: skip
        assert (again, fresh) == (made, False)
        with pytest.raises(IdReused):
            add_place(
                session, actor=PLANNER, id=id, kind=PlaceKind.LANDMARK, name="大厦", point=SPOT,
                at=AT,
            )  # fmt: skip
        changed = change_place(
            session, actor=PLANNER, id=id, at=AT, name="百货大楼",
            point=Point(*town.point(50, 50)),
        )  # fmt: skip
    # People go on saying the old name.
    assert best(database, "供销大厦") == ("百货大楼", 1.0)
    assert (changed.entry.lon, changed.entry.lat) == town.point(50, 50)
    with database.transaction() as session:
        retire_place(session, actor=PLANNER, id=id, at=AT)
        with pytest.raises(PlaceNotFound):
            place(session, town.DISTRICT, id)
        with pytest.raises(PlaceNotFound):
            retire_place(session, actor=PLANNER, id=id, at=AT)
        states = history(session, town.DISTRICT, id)
        assert [state.entry.label if state.entry else None for state in states] == [
            None,
            "百货大楼",
            "供销大厦",
        ]
        assert {state.version.by for state in states} == {PLANNER.signature}
    assert best(database, "百货大楼") is None
    with database.snapshot() as session:
        told = session.execute(
            text("select body->>'what', body->>'place' from outbox where kind='gazetteer.changed'")
        ).all()
    assert [tuple(row) for row in told] == [("edit", str(id))] * 3


def test_a_house_brings_its_street_along(database: Database) -> None:
    with database.transaction() as session:
        add_place(
            session, actor=PLANNER, id=uuid4(), kind=PlaceKind.BUILDING, name="十号楼",
            point=SPOT, street="新开街", number="十", at=AT,
        )  # fmt: skip
    assert best(database, "新开街10号") == ("新开街十号楼", 1.0)
    assert best(database, "新开街") == ("新开街", 0.7)


def test_what_is_no_place_is_refused(database: Database) -> None:
    area = id_of(database, "北社区")
    with database.transaction() as session:

        def add(name: str, *, kind: PlaceKind = PlaceKind.BUILDING, **more: object) -> None:
            values = {"point": SPOT, "at": AT, **more}
            add_place(session, actor=PLANNER, id=uuid4(), kind=kind, name=name, **values)  # type: ignore[arg-type]

        for name in ("！！", "长" * 101):
            with pytest.raises(NameUnusable):
                add(name)
        for number, street in (("10", None), ("甲", "彩虹街")):
            with pytest.raises(HouseIncomplete):
                add("楼", number=number, street=street)
        with pytest.raises(HouseIncomplete):
            add("公园", kind=PlaceKind.LANDMARK, number="1", street="彩虹街")
        with pytest.raises(PlaceOutside):
            add("远处", point=Point(120.0, 40.0))
        with pytest.raises(PlaceOfPlan):
            add("片区", kind=PlaceKind.AREA)
        with pytest.raises(PlaceOfPlan):
            change_place(session, actor=PLANNER, id=area, at=AT, name="别处")
        with pytest.raises(PlaceOfPlan):
            retire_place(session, actor=PLANNER, id=area, at=AT)
        with pytest.raises(NameAbsent):
            drop_name(session, actor=PLANNER, id=area, name="北社区", at=AT)
        with pytest.raises(VersionNotFound):
            restore_version(session, actor=PLANNER, number=99, at=AT)
        with pytest.raises(NothingNew):
            restore_version(session, actor=PLANNER, number=1, at=AT)


def test_names_are_learnt_by_the_duty_officer(database: Database) -> None:
    park, dispatcher = id_of(database, "彩虹公园"), town.actor(Role.DISPATCHER)
    with database.transaction() as session:
        known = add_name(
            session, actor=dispatcher, id=park, name="彩虹 圆", kind=NameKind.MISSPELLING, at=AT
        )
        assert ("彩虹 圆", NameKind.MISSPELLING) in [
            (name.text, name.kind) for name in known.entry.names
        ]
        again = add_name(
            session, actor=dispatcher, id=park, name="彩虹圆", kind=NameKind.ALIAS, at=AT
        )
        assert again == known
    found = best(database, "彩虹圆")
    assert found is not None
    assert found[0] == "彩虹公园"
    with database.transaction() as session:
        drop_name(session, actor=dispatcher, id=park, name="彩虹圆", at=AT)
        for refused in (
            lambda: retire_place(session, actor=dispatcher, id=park, at=AT),
            lambda: restore_version(session, actor=dispatcher, number=1, at=AT),
        ):
            with pytest.raises(RoleNotAllowed):
                refused()
        elsewhere = town.actor(Role.DISPATCHER, scope="210503102")
        with pytest.raises(OutOfScope):
            add_name(session, actor=elsewhere, id=park, name="园", kind=NameKind.ALIAS, at=AT)


def test_going_back_makes_everything_as_it_was(database: Database) -> None:
    before = everything(database)
    park, street = id_of(database, "彩虹公园"), id_of(database, "彩虹街")
    with database.transaction() as session:
        retire_place(session, actor=PLANNER, id=park, at=AT)
        retire_place(session, actor=PLANNER, id=street, at=AT)
        add_place(
            session, actor=PLANNER, id=uuid4(), kind=PlaceKind.ESTATE, name="新村", point=SPOT,
            at=AT,
        )  # fmt: skip
    changed = everything(database)
    assert changed != before
    with database.transaction() as session:
        made = restore_version(session, actor=PLANNER, number=1, at=AT)
        assert (made.number, made.kind, made.restored) == (5, VersionKind.RESTORE, 1)
        assert (made.added, made.retired) == (2, 1)
    assert everything(database) == before
    with database.transaction() as session:
        restore_version(session, actor=PLANNER, number=4, at=AT)
    assert everything(database) == changed


def bring(database: Database, path: Path, *, skip_bad: bool = False) -> PlacesStored:
    prepared = prepare_places(path)
    with database.transaction() as session:
        return store_places(
            session, prepared, district=town.DISTRICT, on=town.IN_FORCE_FROM, at=AT, by="system",
            skip_bad=skip_bad,
        )  # fmt: skip


def sheet(folder: Path, *rows: str) -> Path:
    path = folder / "places.csv"
    path.write_text("\n".join(["name,street,number,estate,kind,aliases,lon,lat", *rows, ""]))
    return path


def here(east: float, north: float) -> str:
    return "{},{}".format(*town.point(east, north))


def test_a_file_changes_what_it_names_and_adds_the_rest(database: Database, tmp_path: Path) -> None:
    path = sheet(
        tmp_path,
        f",彩虹街,10号楼,彩虹小区,,,{here(55, 266)}",
        f",彩虹街,16,,,,{here(290, 266)}",
        f",彩虹街,十六号,,,老锅炉房,{here(291, 266)}",
        f"彩虹公园,,,,地标,植物园,{here(150, 131)}",
        f"北社区,,,,片区,北大院,{here(10, 210)}",
        f",新开街,1,,,,{here(10, 10)}",
    )
    stored = bring(database, path)
    assert stored.version is not None
    assert (stored.version.number, stored.version.source) == (2, "places.csv")
    # The new house and the street that is known by it; the same house again is no other.
    assert (stored.version.added, stored.version.changed) == (3, 3)
    repairs = {one.code: one.count for one in stored.repairs}
    assert repairs == {
        "repair.number_made_out": 2,
        "repair.same_place": 1,
        "repair.home_made": 1,
    }
    assert best(database, "彩虹街16号") == ("彩虹街16号", 1.0)
    assert best(database, "老锅炉房") == ("彩虹街16号", 1.0)
    assert best(database, "植物园") == ("彩虹公园", 1.0)
    assert best(database, "儿童公园") == ("彩虹公园", 1.0)
    assert best(database, "北大院") == ("北社区", 0.65)
    with database.snapshot() as session:
        (ten,) = places(session, town.DISTRICT, street="彩虹街", kind=PlaceKind.BUILDING)[:1]
        moved = [
            one.entry
            for one in places(session, town.DISTRICT, street="彩虹街")
            if one.entry.number == "10"
        ]
        assert ten.entry.kind is PlaceKind.BUILDING
        assert [(one.lon, one.lat) for one in moved] == [town.point(55, 266)]
    assert bring(database, path).version is None


def test_lines_of_a_street_come_with_a_file_and_go_back(database: Database, tmp_path: Path) -> None:
    before = everything(database)
    line = shapely.LineString([town.point(0, 251), town.point(200, 251), town.point(300, 260)])
    path = write_shapefile(tmp_path / "streets.shp", [line], {"name": ["彩虹街"]})
    bring(database, path)

    def drawn() -> list[str]:
        with database.snapshot() as session:
            found = drawing.streets(session, town.DISTRICT)
        return [str(one["geometry"]) for one in found if one["properties"]["name"] == "彩虹街"]

    with database.snapshot() as session:
        lengths = session.scalars(
            text("select ST_NPoints(line) from street where name = '彩虹街'")
        ).all()
    assert lengths == [3]
    assert len(drawn()) == 1
    with database.transaction() as session:
        restore_version(session, actor=PLANNER, number=1, at=AT)
    assert everything(database) == before


def test_bad_rows_keep_a_file_out_unless_they_are_left_out(
    database: Database, tmp_path: Path
) -> None:
    path = sheet(
        tmp_path,
        f"甲,,,,,,{here(50, 50)}",
        "乙,,,,,,,",
        "丙,,,,,,120.0,40.0",
        f"丁,,,,,,{here(60, 50)}",
    )
    before = everything(database)
    with pytest.raises(RowsBad) as refused:
        bring(database, path)
    assert [(row.line, row.code) for row in refused.value.rows] == [
        (3, "row.no_place"),
        (4, "row.far"),
    ]
    assert everything(database) == before
    stored = bring(database, path, skip_bad=True)
    assert stored.version is not None
    assert stored.version.added == 2
    assert [(one.code, one.count) for one in stored.repairs] == [("repair.row_left_out", 2)]


def test_areas_of_another_plan_keep_what_they_were_called(database: Database) -> None:
    park, north = id_of(database, "彩虹公园"), id_of(database, "北社区")
    with database.transaction() as session:
        add_name(session, actor=PLANNER, id=north, name="北大院", kind=NameKind.ALIAS, at=AT)
        renamed = [
            replace(area, name="新北社区") if area.name == "北社区" else area
            for area in town.areas()
            if area.level is Level.COMMUNITY
        ]
        install_area_names(session, district=town.DISTRICT, areas=renamed, at=AT, by="system")
        names = {name.text for name in place(session, town.DISTRICT, north).entry.names}
        assert names == {"新北社区", "北社区", "北边", "北大院"}
        assert place(session, town.DISTRICT, park).version == 1
