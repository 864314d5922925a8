# SPDX-License-Identifier: Apache-2.0
"""The table of changes and the map sheets of a plan say what it changes."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from uuid import UUID
from xml.etree import ElementTree

import pytest

from geo.ids import PlanId
from geo.impact.following import Following, draft_grid
from geo.impact.people import dwellings
from geo.interchange.plan_changes import Change, Changes, changes_between
from geo.interchange.plan_paper import scale_for
from geo.interchange.plan_sheets import Surroundings, font_file, map_sheets
from geo.interchange.plan_table import Heading, change_table
from geo.plans.edits import Edit, Merge, Reassign, Rename, Split, Transfer, apply
from geo.plans.rules import Division
from tests import drawing, town

GROUND = drawing.standing()
TOWN = drawing.division()
HEADING = Heading("小城区", "2027 调整", "现行网格", date(2027, 1, 1), date(2026, 3, 2))


def after(*edits: Edit) -> Division:
    division = TOWN
    for edit in edits:
        division = apply(division, GROUND, edit).division
    return division


def changes(division: Division, **codes: str) -> Changes:
    grids = (draft_grid(one, PlanId(UUID(int=0)), town.SRID) for one in (TOWN, division))
    follow = Following(division, *grids, dwellings(town.buildings(), division))
    return changes_between(TOWN, division, GROUND, codes, follow.moves)


def cells_of(workbook: bytes) -> dict[str, list[list[str]]]:
    """The texts and numbers of each sheet, as the file holds them; a formula is refused."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        shared = [
            "".join(text.text or "" for text in one.iter(f"{space}t"))
            for one in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        ]
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        out = {}
        for number, sheet in enumerate(book.iter(f"{space}sheet"), start=1):
            root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{space}f"))
            out[sheet.attrib["name"]] = [
                [
                    shared[int(value.text or 0)] if cell.get("t") == "s" else value.text or ""
                    for cell in row
                    for value in cell.iter(f"{space}v")
                ]
                for row in root.iter(f"{space}row")
            ]
    return out


def table(division: Division, **codes: str) -> dict[str, list[list[str]]]:
    names = {code: upper.name for code, upper in division.uppers.items()}
    buildings = {one.id: one for one in town.buildings()}
    return cells_of(
        change_table(changes(division, **codes), HEADING, names=names, buildings=buildings)
    )


def test_a_plan_that_changes_nothing_has_no_changes() -> None:
    found = changes(TOWN)
    assert (found.cells, found.moves, found.cells_after) == ([], [], 9)


def test_a_merge_retires_two_and_makes_one() -> None:
    found = changes(after(Merge((town.N1, town.N2))), **{"210503101001D01": "210503101001004"})
    assert [(one.change, one.code, one.related) for one in found.cells] == [
        (Change.RETIRED, town.N1, ("210503101001004",)),
        (Change.RETIRED, town.N2, ("210503101001004",)),
        (Change.NEW, "210503101001004", (town.N1, town.N2)),
    ]
    new = found.cells[-1]
    assert new.before is None
    assert new.after is not None
    assert (new.after.households, new.after.buildings) == (20, 2)
    assert new.after.area_m2 == pytest.approx(20_000, rel=0.001)
    assert {move.after for move in found.moves} == {"210503101001004"}


def test_people_who_change_cell_and_people_whose_cell_is_recoded_are_two_things() -> None:
    # N1 goes on in the merged cell and N2 comes to it; M1 goes to another community whole.
    sheets = table(after(Merge((town.N1, town.N2)), Reassign((town.M1,), "210503101001")))
    summary = {row[0]: row[-1] for row in sheets["变更汇总"] if len(row) == 2}
    assert [
        summary[f"{what}的{of}数"] for what in ("换网格", "只换网格编码") for of in ("楼栋", "户")
    ] == ["1", "10", "2", "20"]
    assert [row[-1] for row in sheets["楼栋调整"][1:]] == ["只换网格编码", "换网格", "只换网格编码"]


def test_a_neighbour_that_gained_a_corner_is_not_changed() -> None:
    area = drawing.region((100, 200), (110, 200), (110, 300), (100, 300))
    found = changes(after(Transfer(area, town.N1), Rename(town.S1, "新名")))
    assert [(one.change, one.code) for one in found.cells] == [
        (Change.RESHAPED, town.N1),
        (Change.RESHAPED, town.N2),
        (Change.RENAMED, town.S1),
    ]
    assert found.moves == []


def test_the_table_lists_cells_codes_and_buildings() -> None:
    sheets = table(after(Reassign((town.M1,), "210503101001")))
    assert list(sheets) == ["变更汇总", "网格变更", "编码对照", "楼栋调整"]
    summary = {row[0]: row[-1] for row in sheets["变更汇总"] if len(row) == 2}
    assert (summary["方案"], summary["生效日期"], summary["撤销网格数"]) == (
        "2027 调整",
        "2027-01-01",
        "1",
    )
    assert sheets["网格变更"][1:] == [
        [
            "新设",
            "210503101001D01",
            "第1网格",
            "北社区",
            town.M1,
            *["0", "10", "10", "0", "1", "0", "10000"],
        ],
        [
            "撤销",
            town.M1,
            "第1网格",
            "中社区",
            "210503101001D01",
            *["10", "0", "-10", "1", "0", "10000", "0"],
        ],
    ]
    assert sheets["编码对照"][1:] == [[town.M1, "210503101001D01", "承继"]]
    assert sheets["楼栋调整"][1:] == [
        [f"{town.M1}0001", "长安路20号 20号楼", "10", town.M1, "210503101001D01", "只换网格编码"]
    ]


def test_a_name_is_never_a_formula() -> None:
    sheets = table(after(Rename(town.N1, '=HYPERLINK("http://x")')))
    assert sheets["网格变更"][1][2] == '=HYPERLINK("http://x")'


def drawn(division: Division, *, embedded: bool = True, **codes: str) -> bytes:
    surroundings = Surroundings(town.streets(), town.terrain())
    font = font_file() if embedded else None
    found = changes(division, **codes)
    communities = sorted({cell.community for cell in division.cells.values()})
    told = (division, TOWN, GROUND, surroundings, found, HEADING)
    return map_sheets(*told, codes=codes, communities=communities, font=font)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def test_a_sheet_for_each_community_the_same_each_time() -> None:
    division = after(Split(town.N1, drawing.line((50, 190), (50, 310))))
    pdf = drawn(division)
    assert pdf.startswith(b"%PDF-")
    assert pages_of(pdf) == 3
    assert b"/MediaBox [ 0 0 841.8898 595.2756 ]" in pdf
    assert drawn(division) == pdf


@pytest.mark.skipif(font_file() is None, reason="no Chinese font on this machine")
def test_the_font_is_in_the_file() -> None:
    pdf = drawn(TOWN)
    assert b"/FontFile2" in pdf
    assert b"STSong" not in pdf


def test_without_a_font_the_reader_brings_his_own() -> None:
    pdf = drawn(TOWN, embedded=False)
    assert b"STSong-Light" in pdf
    # The text is there as characters, not as a picture of them.
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    assert streams
    assert pages_of(pdf) == 3


def test_a_district_in_a_mess_is_drawn_too() -> None:
    cell = TOWN.cell(town.N1)
    parts = cell.shape.union(TOWN.cell(town.S3).shape.buffer(-2000))
    faulty = TOWN.with_cells(changed=[replace(cell, shape=parts)])
    assert pages_of(drawn(faulty)) == 3


@pytest.mark.parametrize(
    ("wide_m", "high_m", "scale"), [(100, 100, 1000), (1800, 900, 10_000), (9000, 9000, 60_000)]
)
def test_scales_are_round(wide_m: float, high_m: float, scale: int) -> None:
    assert scale_for(wide_m, high_m, (0, 0, 600, 550)) == scale
