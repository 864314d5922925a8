# SPDX-License-Identifier: Apache-2.0
"""From what people say to places in town."""

from dataclasses import replace
from uuid import uuid4

import pytest

from geo.accounts.rules import Role
from geo.crs import Point
from geo.db import Database
from geo.gazetteer.actions import install_places
from geo.gazetteer.editing import add_name, add_place
from geo.gazetteer.entries import NameKind
from geo.gazetteer.places import places
from geo.gazetteer.queries import geocode, label_at
from geo.gazetteer.rules import Candidate, Match, PlaceKind, settled
from geo.ids import AreaCode
from tests import town


def find(database: Database, text: str, *, limit: int = 5) -> list[Candidate]:
    with database.snapshot() as session:
        return geocode(session, town.DISTRICT, text, limit=limit, on=town.IN_FORCE_FROM)


@pytest.mark.parametrize(
    "text",
    [
        "彩虹街10号楼",
        "彩虹街１０号楼3单元402室",
        "彩虹街十号楼",
        "彩虹街 10#",
        "彩虹街10",
        "彩虹街10栋附近",
        "小城区上街道北社区彩虹街10号楼",
        "彩虹小区10号楼",
        "彩虹街彩虹小区10号楼",
        "彩虹小区彩虹街10号",
        "北社区彩虹街十號樓",
    ],
)
def test_a_house(database: Database, text: str) -> None:
    best, *_ = found = find(database, text)
    assert (best.label, best.kind, best.cell, best.score) == (
        "彩虹街10号楼",
        "building",
        town.N1,
        1.0,
    )
    assert best.match is Match.NUMBER
    assert settled(found) == best
    assert (best.lon, best.lat) == pytest.approx(town.point(50, 266), abs=1e-6)


def test_a_house_behind_another_falls_back_to_it(database: Database) -> None:
    best = find(database, "彩虹街10-3-402")[0]
    assert (best.label, best.match, best.score) == ("彩虹街10号楼", Match.NUMBER_BASE, 0.9)


def test_a_missing_number_lies_between_its_neighbours_of_the_same_side(database: Database) -> None:
    # 建设大道 has 119, 120 and 121; of 彩虹街 10, 11 and 12 only 10 and 12 stand on one side.
    with database.transaction() as session:
        buildings = [house for house in town.buildings() if house.number not in ("11", "120")]
        renumbered = [
            replace(house, number="14", name="14号楼") if house.number == "12" else house
            for house in buildings
        ]
        install_places(session, district=town.DISTRICT, at=town.MORNING, buildings=renumbered)
    found = find(database, "彩虹街12号")
    assert (found[0].match, found[0].cell) == (Match.INTERPOLATED, town.N2)
    assert (found[0].lon, found[0].lat) == pytest.approx(town.point(150, 266), abs=1e-5)
    # Its neighbours stand 200 m apart: it may as well lie in the next cell.
    assert settled(found) is None
    # What lies beyond the known numbers leaves the street, which its houses make known.
    for beyond in ("彩虹街13号", "彩虹街900号"):
        assert [one.match for one in find(database, beyond)] == [Match.STREET]


def test_an_unknown_number_leaves_the_street_as_a_hint(database: Database) -> None:
    found = find(database, "彩虹街900号")
    assert [(one.label, one.kind, one.match) for one in found] == [
        ("彩虹街", "street", Match.STREET)
    ]
    assert settled(found) is None


@pytest.mark.parametrize("text", ["长安路与南北路交叉口", "南北路和长安路路口", "长安路南北路口"])
def test_crossings(database: Database, text: str) -> None:
    best = find(database, text)[0]
    assert (best.kind, best.match) == ("crossing", Match.CROSSING)
    assert (best.lon, best.lat) == pytest.approx(town.point(100, 150), abs=1e-6)
    assert best.cell in (town.M1, town.M2)
    assert settled([best]) == best


def test_parallel_streets_have_no_crossing(database: Database) -> None:
    found = find(database, "彩虹街与长安路交叉口")
    assert {one.kind for one in found} == {"street"}
    assert settled(found) is None


@pytest.mark.parametrize(
    ("text", "label", "kind", "match"),
    [
        ("彩虹公园", "彩虹公园", "landmark", Match.NAME),
        ("儿童公园门口", "彩虹公园", "landmark", Match.NAME),
        ("上街道彩虹公园附近", "彩虹公园", "landmark", Match.NAME),
        ("有人在彩虹公园打架", "彩虹公园", "landmark", Match.CONTAINED),
        ("彩虹小区", "彩虹小区", "estate", Match.NAME),
        ("彩虹街", "彩虹街", "street", Match.NAME),
        ("北社区", "北社区", "area", Match.NAME),
        ("北边", "北社区", "area", Match.NAME),
        ("上街道", "上街道", "area", Match.NAME),
    ],
)
def test_names(database: Database, text: str, label: str, kind: str, match: Match) -> None:
    best = find(database, text)[0]
    assert (best.label, best.kind, best.match) == (label, kind, match)


def test_a_street_or_an_area_alone_settles_nothing(database: Database) -> None:
    assert settled(find(database, "彩虹街")) is None
    assert settled(find(database, "北社区")) is None
    assert settled(find(database, "彩虹公园")) is not None


def test_a_wrong_character_is_a_suggestion_only(database: Database) -> None:
    found = find(database, "采虹街10号")
    assert (found[0].label, found[0].match) == ("彩虹街10号楼", Match.SIMILAR)
    assert settled(found) is None
    assert find(database, "彩虹公圆")[0].label == "彩虹公园"


def test_a_number_in_an_area_is_a_tie_of_its_houses(database: Database) -> None:
    with database.transaction() as session:
        houses = [
            replace(house, number="10", name="10号楼", street=f"{house.street}{n}", estate="")
            for n, house in enumerate(town.buildings()[:3])
        ]
        install_places(
            session, district=town.DISTRICT, at=town.MORNING, buildings=houses, areas=town.areas()
        )
    found = find(database, "北社区10号楼")
    houses = [one for one in found if one.match is Match.AREA_NUMBER]
    assert [one.score for one in houses] == [0.7] * 3
    assert found[:3] == houses
    assert settled(found) is None


def test_two_estates_of_one_name_are_tied(database: Database) -> None:
    with database.transaction() as session:
        houses = [
            replace(house, estate="双胞胎小区", street="", number="1", name="1号楼")
            for house in town.buildings()
            if house.cell in (town.N1, town.S1)
        ]
        install_places(
            session, district=town.DISTRICT, at=town.MORNING, buildings=houses, areas=town.areas()
        )
    found = find(database, "双胞胎小区1号楼")
    assert [one.score for one in found] == [1.0, 1.0]
    assert {one.cell for one in found} == {town.N1, town.S1}
    assert settled(found) is None
    assert [one.label for one in find(database, "双胞胎小区")] == [
        "双胞胎小区（北社区）",
        "双胞胎小区（南社区）",
    ]


def test_filling_again_changes_nothing(database: Database) -> None:
    before = find(database, "彩虹街10号楼")
    for _ in range(2):
        with database.transaction() as session:
            install_places(
                session,
                district=town.DISTRICT,
                at=town.MORNING,
                buildings=town.buildings(),
                streets=town.streets(),
                landmarks=town.landmarks(),
                areas=town.areas(),
                terrain=town.terrain(),
            )
    assert find(database, "彩虹街10号楼") == before


@pytest.mark.parametrize("text", ["", "！！！", "号", "火星上的环形山", "%", "_" * 60, "\\", "'"])
def test_nothing_is_found_for_nothing(database: Database, text: str) -> None:
    assert find(database, text) == []


def test_the_limit_cuts(database: Database) -> None:
    assert len(find(database, "彩虹", limit=2)) == 2


def test_a_place_outside_every_cell_has_none(database: Database) -> None:
    with database.transaction() as session:
        far = replace(town.landmarks()[0], lon=120.0, lat=40.0, cell=AreaCode(town.N1))
        install_places(session, district=town.DISTRICT, at=town.MORNING, landmarks=[far])
    assert find(database, "彩虹公园")[0].cell is None


def test_the_name_of_a_point(database: Database) -> None:
    with database.snapshot() as session:
        assert label_at(session, town.DISTRICT, *town.point(20, 266)) == "彩虹街10号楼附近"
        assert label_at(session, town.DISTRICT, *town.point(-500, 266)) is None


def test_between_near_neighbours_a_number_is_sure(database: Database) -> None:
    with database.transaction() as session:
        ten, *_ = town.buildings()
        west, east = town.box(10, 260, 14, 264), town.box(60, 260, 64, 264)
        houses = [
            replace(ten, number="10", name="10号楼", footprint=west),
            replace(ten, id="x", number="14", name="14号楼", footprint=east),
        ]
        install_places(session, district=town.DISTRICT, at=town.MORNING, buildings=houses)
    found = find(database, "彩虹街12号")
    assert (found[0].match, settled(found)) == (Match.INTERPOLATED, found[0])


def test_beside_a_place_is_sure_away_from_other_cells(database: Database) -> None:
    # 10号楼 stands 50 m from the next cell, the park 30 m from one.
    assert settled(find(database, "彩虹街10号楼对面")) is not None
    park = find(database, "彩虹公园对面")
    assert (park[0].label, settled(park)) == ("彩虹公园", None)
    assert settled(find(database, "彩虹公园门口")) is not None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("采红街10号楼", "彩虹街10号楼"),
        ("虹彩街10号楼", "彩虹街10号楼"),
        ("彩虹10号", "彩虹街10号楼"),
        ("彩虹路10号楼", "彩虹街10号楼"),
        ("彩什么街10号", "彩虹街10号楼"),
        ("我在彩紅街十號樓呢", "彩虹街10号楼"),
        ("健设大道一百二十号", "建设大道120号楼"),
        ("儿童公圆", "彩虹公园"),
    ],
)
def test_slips_find_the_place_and_settle_nothing(database: Database, text: str, label: str) -> None:
    found = find(database, text)
    assert (found[0].label, found[0].match) == (label, Match.SIMILAR)
    assert settled(found) is None


@pytest.mark.parametrize("text", ["长安陆与南北路交叉口", "长安、南北路口"])
def test_a_crossing_of_streets_nearly_said(database: Database, text: str) -> None:
    best = find(database, text)[0]
    assert (best.kind, best.match) == ("crossing", Match.SIMILAR)


def test_houses_are_found_by_every_name_of_their_street(database: Database) -> None:
    with database.transaction() as session:
        street = next(
            one.id
            for one in places(session, town.DISTRICT, street="彩虹街")
            if one.entry.kind is PlaceKind.STREET
        )
        actor = town.actor(Role.DISPATCHER)
        for name, kind in (("老铁道", NameKind.ALIAS), ("彩洪街", NameKind.MISSPELLING)):
            add_name(session, actor=actor, id=street, name=name, kind=kind, at=town.MORNING)
    found = find(database, "老铁道10号")
    assert (found[0].label, found[0].match, found[0].score) == ("彩虹街10号楼", Match.NUMBER, 1.0)
    found = find(database, "彩洪街10号")
    assert (found[0].label, found[0].match) == ("彩虹街10号楼", Match.NUMBER)
    assert settled(found) == found[0]


def test_names_are_known_anew_with_every_version(database: Database) -> None:
    assert find(database, "供销大厦") == [] or find(database, "供销大厦")[0].label != "供销大厦"
    with database.transaction() as session:
        add_place(
            session,
            actor=town.actor(Role.PLANNER),
            id=uuid4(),
            kind=PlaceKind.LANDMARK,
            name="供销大厦",
            point=Point(*town.point(150, 150)),
            at=town.MORNING,
        )
    assert find(database, "供销大厦")[0].label == "供销大厦"
