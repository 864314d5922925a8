# SPDX-License-Identifier: Apache-2.0
"""Map sheets of a plan: a page a community, A4 landscape, drawn as vectors (PDF).

Sizes on paper are in points (1/72 inch), on the ground in metres of the district's metric CRS,
north up. The text is Chinese: a font file that is handed in is embedded, else the reader's own Song
face is asked for by name.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from reportlab import rl_config
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres
from geo.gazetteer.rules import Street, Terrain, TerrainKind
from geo.interchange.plan_changes import Changes
from geo.interchange.plan_paper import Paper, Shapes
from geo.interchange.plan_table import Heading
from geo.plans.faults import sound
from geo.plans.lattice import to_degrees
from geo.plans.rules import Cell, Division, Ground

# A file need not pass for text: in pure Python that was a tenth of the work.
rl_config.useA85 = 0
# Chinese faces with TrueType outlines, as Debian installs them: `wangge up` needs none of them.
_FONT_FILES = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
)
_PAGE = landscape(A4)
_MARGIN = 8 * mm
_PANEL = 66 * mm
_TINTS = ("#DCEBF7", "#FCE8D5", "#E3F1DC", "#F6E0EA", "#FFF6CC", "#E6E1F3", "#D9F0EC")
_WATER, _GREEN, _STREET, _HOUSE, _FAR = "#B5D6EE", "#D5E8C8", "#FFFFFF", "#8A8A8A", "#D2D2D2"
_WIDTHS = {"main": 3.2, "secondary": 2.2, "lane": 1.2, "rural": 1.2}
# Up to these scales houses and lanes beside the community are shown.
_HOUSES_TO, _LANES_TO = 10_000, 20_000
_BORDER, _RIM, _OLD = "#C0392B", "#7B241C", "#E67E22"


@dataclass(frozen=True)
class Surroundings:
    """What else a sheet shows, in WGS-84 degrees."""

    streets: Sequence[Street] = ()
    terrain: Sequence[Terrain] = ()


@dataclass
class _Land:
    """Shapes in metres with an index by place."""

    shapes: Shapes
    tree: shapely.STRtree = field(init=False)

    def __post_init__(self) -> None:
        self.tree = shapely.STRtree(self.shapes)

    def within(self, window: BaseGeometry) -> list[int]:
        """Places of the shapes that reach into a window."""
        return sorted(self.tree.query(window, predicate="intersects").tolist())


def font_file() -> Path | None:
    """A Chinese font of this machine that can be embedded, if there is one."""
    return next((path for path in _FONT_FILES if path.is_file()), None)


def map_sheets(
    division: Division,
    base: Division,
    ground: Ground,
    surroundings: Surroundings,
    changes: Changes,
    heading: Heading,
    *,
    codes: Mapping[str, str],
    communities: Sequence[str],
    font: Path | None = None,
    report: Callable[[float], None] | None = None,
) -> bytes:
    """The sheets of some communities, in that order, as one PDF.

    `codes` has the final code of each provisional one, where it is known. Borders of `base` that
    the plan does away with are dashed; cells that `changes` names are marked. `report` hears how
    much is drawn (0 to 1).
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=_PAGE, invariant=1, pageCompression=1)
    canvas.setTitle(f"{heading.plan} 社区网格图")
    drawing = _Drawing(canvas, _face(font), division, base, ground, surroundings, changes, heading)
    drawing.codes = codes
    for number, community in enumerate(communities, start=1):
        drawing.sheet(community, number, len(communities))
        canvas.showPage()
        if report is not None:
            report(number / len(communities))
    canvas.save()
    return out.getvalue()


@cache
def _face(font: Path | None) -> str:
    """The name under which the Chinese face is registered."""
    if font is not None:
        try:
            pdfmetrics.registerFont(TTFont("Sheet", str(font), subfontIndex=0))
        except TTFError:
            pass
        else:
            return "Sheet"
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"


class _Drawing:
    """Everything that all sheets share, in metres."""

    def __init__(
        self,
        canvas: Canvas,
        face: str,
        division: Division,
        base: Division,
        ground: Ground,
        surroundings: Surroundings,
        changes: Changes,
        heading: Heading,
    ) -> None:
        self.canvas, self.face, self.heading = canvas, face, heading
        self.division, self.base, self.ground = division, base, ground
        self.codes: Mapping[str, str] = {}
        self.changed = {one.code for one in changes.cells if one.after is not None}
        srid = ground.srid

        def land(shapes: list[BaseGeometry]) -> _Land:
            return _Land(geometry_to_metres(np.array(shapes, dtype=object), srid))

        self.cell_codes = sorted(division.cells)
        self.cells = land(
            [to_degrees(sound(division.cells[code].shape)) for code in self.cell_codes]
        )
        # A border that is done away with is one of a cell that is drawn otherwise now.
        stays = {shapely.to_wkb(shapely.normalize(cell.shape)) for cell in division.cells.values()}
        self.old = land(
            [
                to_degrees(cell.shape)
                for cell in base.cells.values()
                if shapely.to_wkb(shapely.normalize(cell.shape)) not in stays
            ]
        )
        self.houses = land([to_degrees(house.footprint) for house in ground.houses.values()])
        self.streets = land([street.line for street in surroundings.streets])
        self.kinds = [street.kind for street in surroundings.streets]
        self.street_names = [street.name for street in surroundings.streets]
        self.terrain = land([piece.shape for piece in surroundings.terrain])
        self.terrain_kinds = [piece.kind for piece in surroundings.terrain]

    def final(self, code: str) -> str:
        """The code as it will be published, where that is known."""
        return self.codes.get(code, code)

    def sheet(self, community: str, number: int, of: int) -> None:
        """One page."""
        own = [at for at, code in enumerate(self.cell_codes) if code.startswith(community)]
        shapes = self.cells.shapes[own]
        land = shapely.union_all(shapes)
        width, height = _PAGE
        box = (_MARGIN, _MARGIN, width - _MARGIN - _PANEL - 3 * mm, height - _MARGIN)
        paper = Paper(self.canvas, self.face, box, land.bounds)
        paper.begin()
        window = paper.window
        self._terrain(paper, window)
        tints = _tints(shapes)
        for shape, tint in zip(shapes, tints, strict=True):
            paper.fill(np.array([shape]), _TINTS[tint], alpha=0.75)
        shapely.prepare(land)
        for color, inside in ((_FAR, False), (_HOUSE, True)):
            # Where a sheet shows half a city, its houses are those of the community.
            if inside or paper.scale <= _HOUSES_TO:
                near = self.houses.shapes[self.houses.within(window)]
                paper.fill(near[shapely.intersects(land, near) == inside], color)
        streets = [
            at
            for at in self.streets.within(window)
            if paper.scale <= _LANES_TO or self.kinds[at] in ("main", "secondary")
        ]
        self._streets(paper, streets)
        around = self.cells.within(window)
        paper.line(self.cells.shapes[around], "#8C8C8C", 0.5)
        self._gone(paper, land)
        paper.line(shapes, _BORDER, 1.0)
        paper.line(np.array([land]), _RIM, 2.0)
        for at, shape in zip(own, shapes, strict=True):
            code = self.cell_codes[at]
            mark = "＊" if self.final(code) in self.changed else ""
            paper.label(shape, [self.final(code)[-3:] + mark, self.division.cells[code].name])
        for at in sorted(set(around).difference(own)):
            piece = shapely.intersection(self.cells.shapes[at], window)
            paper.small_label(piece, self.final(self.cell_codes[at])[-6:])
        self._street_names(paper, streets)
        paper.end()
        self._panel(community, number, of, paper, [self.cell_codes[at] for at in own], tints)

    def _gone(self, paper: Paper, land: BaseGeometry) -> None:
        """The borders in a community that the plan does away with."""
        old = shapely.union_all(shapely.boundary(self.old.shapes[self.old.within(land)]))
        if old.is_empty:
            return
        near = shapely.boundary(self.cells.shapes[self.cells.within(old)])
        gone = shapely.difference(old, shapely.union_all(near).buffer(0.3))
        paper.line(np.array([shapely.intersection(gone, land.buffer(1.0))]), _OLD, 0.9, dash=(3, 2))

    def _terrain(self, paper: Paper, window: BaseGeometry) -> None:
        colors = {TerrainKind.WATER: _WATER, TerrainKind.GREEN: _GREEN}
        for at in self.terrain.within(window):
            if self.terrain_kinds[at] in colors:
                paper.fill(self.terrain.shapes[at : at + 1], colors[self.terrain_kinds[at]])

    def _streets(self, paper: Paper, streets: Sequence[int]) -> None:
        """Casings first, then the streets, so that crossings are open; railways over all."""
        for color, more in (("#9A9A9A", 0.7), (_STREET, 0.0)):
            for kind, wide in reversed(_WIDTHS.items()):
                of_kind = [at for at in streets if self.kinds[at] == kind]
                paper.line(self.streets.shapes[of_kind], color, wide + more)
        rails = [at for at, kind in enumerate(self.terrain_kinds) if kind is TerrainKind.RAILWAY]
        paper.line(self.terrain.shapes[rails], "#555555", 1.4)
        paper.line(self.terrain.shapes[rails], "#FFFFFF", 0.8, dash=(4, 4))

    def _street_names(self, paper: Paper, streets: Sequence[int]) -> None:
        """Each name once or twice, on its longest stretches, where nothing else is written."""
        stretches: dict[str, list[BaseGeometry]] = {}
        for at in streets:
            if self.street_names[at]:
                stretches.setdefault(self.street_names[at], []).append(self.streets.shapes[at])
        for name, pieces in sorted(stretches.items()):
            inside = shapely.intersection(shapely.union_all(pieces), paper.window)
            merged = shapely.get_parts(shapely.line_merge(inside))
            for line in sorted(merged, key=lambda one: -one.length)[:2]:
                if line.geom_type == "LineString":
                    paper.name_along(line, name)

    def _panel(
        self,
        community: str,
        number: int,
        of: int,
        paper: Paper,
        cells: Sequence[str],
        tints: Sequence[int],
    ) -> None:
        """Title, table of cells, legend, scale and north, on the right."""
        width, height = _PAGE
        canvas, face, heading = self.canvas, self.face, self.heading
        left, right = width - _MARGIN - _PANEL, width - _MARGIN
        canvas.setStrokeColor("#000000")
        canvas.setLineWidth(0.8)
        canvas.rect(left, _MARGIN, _PANEL, height - 2 * _MARGIN)
        uppers = self.division.uppers
        name = uppers[community].name if community in uppers else community
        street = uppers[community[:9]].name if community[:9] in uppers else ""
        begins = "未定" if heading.begins_on is None else f"{heading.begins_on:%Y年%m月%d日}"
        y = height - _MARGIN - 8 * mm
        middle = (left + right) / 2
        for size, text in ((16, f"{name}网格图"), (10, f"{heading.district} {street}")):
            canvas.setFillColor("#000000")
            canvas.setFont(face, paper.fitting(text, size, _PANEL - 4 * mm))
            canvas.drawCentredString(middle, y, text)
            y -= 6 * mm
        households = sum(self.ground.households(self._houses(code)) for code in cells)
        lines = (
            f"社区编码：{self.final(community)}",
            f"方案：{heading.plan}",
            f"生效日期：{begins}",
            f"网格 {len(cells)} 个，{households} 户",
        )
        for text in lines:
            canvas.setFont(face, paper.fitting(text, 8.5, _PANEL - 6 * mm))
            canvas.drawString(left + 3 * mm, y, text)
            y -= 4.4 * mm
        y = self._table(left, y - 1 * mm, cells, tints, paper)
        self._legend(left, min(y - 3 * mm, _MARGIN + 62 * mm), paper)
        paper.scale_bar(left + 5 * mm, _MARGIN + 17 * mm, _PANEL - 22 * mm)
        paper.north(right - 9 * mm, _MARGIN + 12 * mm)
        canvas.setFont(face, 7)
        canvas.drawString(left + 3 * mm, _MARGIN + 3 * mm, f"制图 {heading.drawn_on:%Y-%m-%d}")
        canvas.drawRightString(right - 3 * mm, _MARGIN + 3 * mm, f"第 {number} / {of} 幅")
        canvas.drawString(
            left + 3 * mm, _MARGIN + 7 * mm, f"EPSG:{self.ground.srid}（CGCS2000），北向上"
        )

    def _houses(self, code: str) -> list[str]:
        return [id for id in self.division.cells[code].buildings if id in self.ground.houses]

    def _table(
        self, left: float, y: float, cells: Sequence[str], tints: Sequence[int], paper: Paper
    ) -> float:
        """A row a cell; smaller where they are many. Answers where it ends."""
        canvas = self.canvas
        room = y - (_MARGIN + 66 * mm)
        step = min(4.6 * mm, room / (len(cells) + 1))
        size = min(7.5, step * 0.62)
        columns = (left + 3 * mm, left + 17 * mm, left + 50 * mm, left + 63 * mm)
        canvas.setFont(self.face, size)
        for x, text in zip(columns, ("网格", "名称", "楼栋", "户数"), strict=True):
            (canvas.drawRightString if x > columns[1] else canvas.drawString)(x, y, text)
        canvas.setLineWidth(0.4)
        canvas.line(columns[0], y - step * 0.3, left + _PANEL - 3 * mm, y - step * 0.3)
        for code, tint in zip(cells, tints, strict=True):
            y -= step
            cell: Cell = self.division.cells[code]
            canvas.setFillColor(_TINTS[tint])
            canvas.rect(columns[0], y - step * 0.2, 3 * mm, step * 0.75, stroke=0, fill=1)
            canvas.setFillColor("#000000")
            mark = "＊" if self.final(code) in self.changed else ""
            canvas.setFont(self.face, size)
            canvas.drawString(columns[0] + 4 * mm, y, self.final(code)[-3:] + mark)
            canvas.setFont(self.face, paper.fitting(cell.name, size, 26 * mm))
            canvas.drawString(columns[1], y, cell.name)
            canvas.setFont(self.face, size)
            houses = self._houses(code)
            canvas.drawRightString(columns[2], y, str(len(houses)))
            canvas.drawRightString(columns[3], y, str(self.ground.households(houses)))
        return y

    def _legend(self, left: float, y: float, paper: Paper) -> None:
        entries = (
            ("line", _RIM, 2.0, None, "社区界"),
            ("line", _BORDER, 1.0, None, "网格界"),
            ("line", _OLD, 0.9, (3, 2), "调整前的网格界"),
            ("line", "#8C8C8C", 0.5, None, "相邻网格界"),
            ("box", _HOUSE, 0.0, None, "楼栋"),
            ("box", _WATER, 0.0, None, "水域"),
            ("box", _GREEN, 0.0, None, "绿地"),
            ("text", "#000000", 0.0, None, "＊ 本次调整的网格"),
        )
        canvas = self.canvas
        for number, (kind, color, wide, dash, text) in enumerate(entries):
            x = left + 3 * mm + (number % 2) * 31 * mm
            at = y - (number // 2) * 5 * mm
            canvas.saveState()
            if kind == "line":
                canvas.setStrokeColor(color)
                canvas.setLineWidth(wide)
                if dash:
                    canvas.setDash(*dash)
                canvas.line(x, at + 1 * mm, x + 7 * mm, at + 1 * mm)
            elif kind == "box":
                canvas.setFillColor(color)
                canvas.rect(x, at - 0.2 * mm, 7 * mm, 2.6 * mm, stroke=0, fill=1)
            canvas.restoreState()
            canvas.setFillColor("#000000")
            canvas.setFont(self.face, 7.5)
            canvas.drawString(x if kind == "text" else x + 8.5 * mm, at, text)
        canvas.setFont(self.face, 9)
        canvas.drawString(left + 5 * mm, _MARGIN + 25 * mm, f"比例尺 1:{paper.scale:,}")


def _tints(shapes: Shapes) -> list[int]:
    """A tint for each shape that no neighbour has, where that is possible."""
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=1.0)
    beside: dict[int, set[int]] = {}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a != b:
            beside.setdefault(a, set()).add(b)
    out: list[int] = []
    for at in range(len(shapes)):
        taken = {out[near] for near in beside.get(at, ()) if near < at}
        free = [tint for tint in range(len(_TINTS)) if tint not in taken]
        out.append(free[0] if free else at % len(_TINTS))
    return out
