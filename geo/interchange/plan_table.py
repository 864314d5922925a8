# SPDX-License-Identifier: Apache-2.0
"""The official table of changes of a plan, as a workbook (XLSX)."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from geo.hierarchy.rules import Building
from geo.interchange.plan_changes import CellChange, Change, Changes, Size
from geo.units import SquareMetres

_KINDS = {
    Change.NEW: "新设",
    Change.RETIRED: "撤销",
    Change.RESHAPED: "调整范围",
    Change.RENAMED: "更名",
}
_FILLS = {
    Change.NEW: "#E2F0D9",
    Change.RETIRED: "#F8D7DA",
    Change.RESHAPED: "#FFF2CC",
    Change.RENAMED: "#DDEBF7",
}
_CELLS = (
    *("变更类型", "网格编码", "网格名称", "所属社区", "原编码／去向"),
    *("原户数", "现户数", "户数增减", "原楼栋数", "现楼栋数"),
    *("原面积（平方米）", "现面积（平方米）"),
)
_WIDTHS = (10, 18, 24, 18, 34, 9, 9, 9, 9, 9, 16, 16)
_CODES = ("原编码", "现编码", "关系")
_MOVES = ("楼栋编号", "地址", "户数", "原网格", "现网格", "情况")
# People who change cell are one thing, people whose cell has another code another.
_MOVED = "换网格"
_RECODED = "只换网格编码"

Rows = Sequence[Sequence[str | int | float | None]]


@dataclass(frozen=True)
class Heading:
    """What stands above an official document. `begins_on`: None while nothing is decided."""

    district: str
    plan: str
    base: str
    begins_on: date | None
    drawn_on: date


def change_table(
    changes: Changes,
    heading: Heading,
    *,
    names: Mapping[str, str],
    buildings: Mapping[str, Building],
) -> bytes:
    """A workbook of four sheets: summary, cells, codes old to new, buildings that moved.

    `names` has the name of each community by code, `buildings` those that moved, by id.
    """
    out = io.BytesIO()
    # Texts come from people: none of them is a formula or a link.
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {
            "title": f"{heading.plan} 网格变更表",
            "created": datetime.combine(heading.drawn_on, time()),
        }
    )
    styles = _Styles(book)
    _summary(book, styles, changes, heading)
    rows = [_cell_row(one, names) for one in changes.cells]
    fills = [styles.fills[one.change] for one in changes.cells]
    _sheet(book, styles, "网格变更", _CELLS, rows, _WIDTHS, fills)
    _sheet(book, styles, "编码对照", _CODES, _code_rows(changes), (20, 20, 16))
    moves = [
        (
            move.building,
            _address(buildings.get(move.building)),
            move.households,
            move.before or "—",
            move.after or "—",
            _RECODED if move.recoded else _MOVED,
        )
        for move in changes.moves
    ]
    _sheet(book, styles, "楼栋调整", _MOVES, moves, (24, 34, 8, 18, 18, 14))
    book.close()
    return out.getvalue()


class _Styles:
    """The formats of a workbook."""

    def __init__(self, book: Any) -> None:
        common = {"font_name": "宋体", "font_size": 10.5, "border": 1, "valign": "vcenter"}
        self.title = book.add_format({"font_name": "黑体", "font_size": 16, "bold": True})
        self.head = book.add_format(
            {**common, "bold": True, "bg_color": "#D9E2F3", "align": "center", "text_wrap": True}
        )
        self.text = book.add_format(common)
        self.number = book.add_format({**common, "num_format": "#,##0"})
        self.fills = {
            change: book.add_format({**common, "bg_color": color, "align": "center"})
            for change, color in _FILLS.items()
        }


def _summary(book: Any, styles: _Styles, changes: Changes, heading: Heading) -> None:
    sheet = book.add_worksheet("变更汇总")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 44)
    sheet.write_string(0, 0, f"{heading.district}网格调整变更表", styles.title)
    counts = dict.fromkeys(Change, 0)
    for one in changes.cells:
        counts[one.change] += 1
    begins = "未定" if heading.begins_on is None else heading.begins_on.isoformat()
    rows: list[tuple[str, str | int]] = [
        ("方案", heading.plan),
        ("依据的现行方案", heading.base),
        ("生效日期", begins),
        ("制表日期", heading.drawn_on.isoformat()),
        ("原网格数", changes.cells_before),
        ("现网格数", changes.cells_after),
        *((f"{_KINDS[kind]}网格数", count) for kind, count in counts.items()),
    ]
    for called, recoded in ((_MOVED, False), (_RECODED, True)):
        some = [move for move in changes.moves if move.recoded is recoded]
        rows.append((f"{called}的楼栋数", len(some)))
        rows.append((f"{called}的户数", sum(move.households for move in some)))
    for at, (name, value) in enumerate(rows, start=2):
        sheet.write_string(at, 0, name, styles.head)
        _write(sheet, at, 1, value, styles)
    sheet.set_paper(9)


def _sheet(
    book: Any,
    styles: _Styles,
    name: str,
    heads: Sequence[str],
    rows: Rows,
    widths: Sequence[int],
    fills: Sequence[Any] = (),
) -> None:
    """A table with its heading frozen and repeated on every page; landscape A4, one page wide."""
    sheet = book.add_worksheet(name)
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, styles.head)
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            style = fills[at - 1] if fills and column == 0 else None
            _write(sheet, at, column, value, styles, style)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(heads) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _write(
    sheet: Any, row: int, column: int, value: Any, styles: _Styles, style: Any = None
) -> None:
    if isinstance(value, int | float):
        sheet.write_number(row, column, value, style or styles.number)
    else:
        sheet.write_string(row, column, value or "", style or styles.text)


def _cell_row(one: CellChange, names: Mapping[str, str]) -> tuple[str | int | float | None, ...]:
    before, after = (
        one.before or Size(0, 0, SquareMetres(0)),
        one.after or Size(0, 0, SquareMetres(0)),
    )
    return (
        _KINDS[one.change],
        one.code,
        one.name,
        names.get(one.community, one.community),
        "、".join(one.related),
        before.households,
        after.households,
        after.households - before.households,
        before.buildings,
        after.buildings,
        round(before.area_m2),
        round(after.area_m2),
    )


def _code_rows(changes: Changes) -> list[tuple[str, str, str]]:
    """Old code, new code, how: a retired cell with none it went into has none."""
    rows = set()
    for one in changes.cells:
        if one.change is Change.NEW:
            rows |= {(origin, one.code, "承继") for origin in one.related}
            if not one.related:
                rows.add(("—", one.code, "新设"))
        elif one.change is Change.RETIRED and not one.related:
            rows.add((one.code, "—", "撤销"))
        elif one.change is not Change.RETIRED:
            rows.add((one.code, one.code, _KINDS[one.change]))
    return sorted(rows)


def _address(building: Building | None) -> str:
    if building is None:
        return ""
    number = f"{building.number}号" if building.number.isdigit() else building.number
    return " ".join(part for part in (f"{building.street}{number}", building.name) if part)
