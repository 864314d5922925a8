# SPDX-License-Identifier: Apache-2.0
"""Drawing land on a frame of a PDF page at a round scale: shapes, lines, labels, scale bar, north.

On paper in points, on the ground in metres of a metric CRS, north up.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from shapely.geometry.base import BaseGeometry

_POINTS_A_METRE = 1000 * mm
_SCALES = (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500)
# What is smaller on paper cannot be seen.
_FINE_POINTS = 0.12
_AROUND = 1.08
_POLYGON = 3

Frame = tuple[float, float, float, float]
Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]


def scale_for(width_m: float, height_m: float, frame: Frame) -> int:
    """The largest round scale at which so much land fits a frame, as its denominator."""
    west, south, east, north = frame
    needed = float(
        _AROUND * _POINTS_A_METRE * max(width_m / (east - west), height_m / (north - south))
    )
    for power in range(5):
        for scale in _SCALES:
            # Above 1:7,500 the steps are those of a ten times smaller scale.
            if power and scale < 1000:
                continue
            rounded = scale * int(10**power)
            if rounded >= needed:
                return rounded
    return math.ceil(needed)


class Paper:
    """A frame of a page onto which land is drawn."""

    def __init__(self, canvas: Canvas, face: str, frame: Frame, land: Sequence[float]) -> None:
        self.canvas, self.face, self.frame = canvas, face, frame
        west, south, east, north = land
        self.scale = scale_for(east - west, north - south, frame)
        self._points = _POINTS_A_METRE / self.scale
        middle = ((west + east) / 2, (south + north) / 2)
        half = (
            (frame[2] - frame[0]) / 2 / self._points,
            (frame[3] - frame[1]) / 2 / self._points,
        )
        self._origin = (middle[0] - half[0], middle[1] - half[1])
        self.window = shapely.box(
            *self._origin, self._origin[0] + 2 * half[0], self._origin[1] + 2 * half[1]
        )
        self._written: list[BaseGeometry] = []

    def begin(self) -> None:
        """Draw inside the frame alone until `end`."""
        west, south, east, north = self.frame
        self.canvas.saveState()
        clip = self.canvas.beginPath()
        clip.rect(west, south, east - west, north - south)
        self.canvas.clipPath(clip, stroke=0, fill=0)

    def end(self) -> None:
        """Close the frame and draw its border."""
        west, south, east, north = self.frame
        self.canvas.restoreState()
        self.canvas.setStrokeColor("#000000")
        self.canvas.setLineWidth(0.8)
        self.canvas.rect(west, south, east - west, north - south)

    def fill(self, shapes: Shapes, color: str, *, alpha: float = 1.0) -> None:
        """Areas in one color, their holes left out; none may overlap another."""
        rings = shapely.get_rings(shapely.get_parts(shapely.get_parts(shapes)))
        self.canvas.saveState()
        self.canvas.setFillColor(color)
        self.canvas.setFillAlpha(alpha)
        path = self._path(rings)
        if path is not None:
            self.canvas.drawPath(path, stroke=0, fill=1, fillMode=0)
        self.canvas.restoreState()

    def line(
        self, shapes: Shapes, color: str, width: float, *, dash: tuple[int, int] | None = None
    ) -> None:
        """Lines, or the borders of areas, of a color and a width in points."""
        parts = shapely.get_parts(shapely.get_parts(shapes))
        areas = shapely.get_type_id(parts) == _POLYGON
        lines = parts[shapely.get_dimensions(parts) == 1]
        rings = shapely.get_rings(parts[areas])
        path = self._path(np.concatenate([lines, rings]))
        if path is None:
            return
        canvas = self.canvas
        canvas.saveState()
        canvas.setStrokeColor(color)
        canvas.setLineWidth(width)
        canvas.setLineJoin(1)
        canvas.setLineCap(0 if dash else 1)
        if dash:
            canvas.setDash(*dash)
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.restoreState()

    def label(self, shape: BaseGeometry, lines: Sequence[str]) -> None:
        """A label of several lines where the shape is widest, the first line larger."""
        circle: BaseGeometry = shapely.maximum_inscribed_circle(
            np.array([_largest(shape)], dtype=object), tolerance=5.0
        )[0]
        at = self._on_paper(shapely.get_coordinates(circle)[:1])[0]
        room = 2.2 * float(circle.length) * self._points
        canvas = self.canvas
        top = self.fitting(lines[0], 11, max(room, 14))
        small = self.fitting(lines[1], 6.5, max(room, 26)) if len(lines) > 1 else 0.0
        widest = max(
            stringWidth(text, self.face, size)
            for text, size in zip(lines, (top, small), strict=False)
        )
        box = shapely.box(
            at[0] - widest / 2 - 1.5, at[1] - small - 2, at[0] + widest / 2 + 1.5, at[1] + top
        )
        canvas.saveState()
        canvas.setFillColor("#FFFFFF")
        canvas.setFillAlpha(0.72)
        canvas.roundRect(*box.bounds[:2], *np.subtract(box.bounds[2:], box.bounds[:2]), 2, 0, 1)
        canvas.setFillAlpha(1)
        canvas.setFillColor("#641E16")
        canvas.setFont(self.face, top)
        canvas.drawCentredString(at[0], at[1] + 1, lines[0])
        if len(lines) > 1:
            canvas.setFillColor("#333333")
            canvas.setFont(self.face, small)
            canvas.drawCentredString(at[0], at[1] - small, lines[1])
        canvas.restoreState()
        self._written.append(box)

    def small_label(self, shape: BaseGeometry, text: str) -> None:
        """A pale label for land beside, where there is room."""
        parts = _parts(shape, "Polygon")
        largest = max(parts, key=lambda part: part.area, default=None)
        if largest is None:
            return
        at = self._on_paper(shapely.get_coordinates(shapely.point_on_surface(largest)))[0]
        wide = stringWidth(text, self.face, 6)
        box = shapely.box(at[0] - wide / 2, at[1] - 1, at[0] + wide / 2, at[1] + 5)
        if self._free(box):
            self.canvas.setFillColor("#6E6E6E")
            self.canvas.setFont(self.face, 6)
            self.canvas.drawCentredString(at[0], at[1], text)
            self._written.append(box)

    def name_along(self, line: BaseGeometry, name: str) -> None:
        """A name in the middle of a line, turned with it, if it fits and the place is free."""
        wide = stringWidth(name, self.face, 7)
        if line.length * self._points < 1.3 * wide:
            return
        half = 0.5 * wide / self._points
        middle = line.length / 2
        on = np.array([middle - half, middle, middle + half])
        ends = shapely.line_interpolate_point(np.array([line] * 3, dtype=object), on)
        start, centre, stop = self._on_paper(shapely.get_coordinates(ends))
        turn = math.degrees(math.atan2(stop[1] - start[1], stop[0] - start[0]))
        turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
        box = shapely.LineString([start, stop]).buffer(4)
        if not self._free(box):
            return
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(*centre)
        canvas.rotate(turn)
        canvas.setFont(self.face, 7)
        # A white rim keeps it readable over what it crosses; the mode outlives the text.
        canvas.saveState()
        rim = canvas.beginText(-wide / 2, -2.4)
        rim.setTextRenderMode(1)
        canvas.setStrokeColor("#FFFFFF")
        canvas.setLineWidth(1.6)
        rim.textOut(name)
        canvas.drawText(rim)
        canvas.restoreState()
        canvas.setFillColor("#2C3E50")
        canvas.drawString(-wide / 2, -2.4, name)
        canvas.restoreState()
        self._written.append(box)

    def fitting(self, text: str, size: float, width: float) -> float:
        """The size of type, no larger than `size`, at which a text is no wider than that."""
        wide = stringWidth(text, self.face, size)
        return size if wide <= width else max(size * width / wide, 3.5)

    def scale_bar(self, x: float, y: float, width: float) -> None:
        """Two fields of a round length, as long as there is room for."""
        metres = width / self._points / 2
        step = 10 ** math.floor(math.log10(metres))
        field = max(step * times for times in (1, 2, 5) if step * times <= metres)
        long = field * self._points
        canvas = self.canvas
        canvas.setStrokeColor("#000000")
        canvas.setLineWidth(0.6)
        for number, color in enumerate(("#000000", "#FFFFFF")):
            canvas.setFillColor(color)
            canvas.rect(x + number * long, y, long, 2 * mm, stroke=1, fill=1)
        canvas.setFillColor("#000000")
        canvas.setFont(self.face, 7)
        for number in range(3):
            said = f"{field * number:g}" + (" 米" if number == 2 else "")
            canvas.drawCentredString(x + number * long, y + 2.8 * mm, said)

    def north(self, x: float, y: float) -> None:
        """An arrow that points north."""
        canvas = self.canvas
        for sign, color in ((-1, "#000000"), (1, "#FFFFFF")):
            path = canvas.beginPath()
            path.moveTo(x, y + 11 * mm)
            path.lineTo(x + sign * 3 * mm, y)
            path.lineTo(x, y + 2.5 * mm)
            path.close()
            canvas.setFillColor(color)
            canvas.setLineWidth(0.6)
            canvas.drawPath(path, stroke=1, fill=1)
        canvas.setFillColor("#000000")
        canvas.setFont(self.face, 9)
        canvas.drawCentredString(x, y + 12 * mm, "北")

    def _free(self, box: BaseGeometry) -> bool:
        west, south, east, north = self.frame
        inside = shapely.box(west + 2, south + 2, east - 2, north - 2).contains(box)
        return bool(inside) and not any(box.intersects(other) for other in self._written)

    def _on_paper(self, metres: Floats) -> Floats:
        moved: Floats = (metres - self._origin) * self._points + self.frame[:2]
        return moved

    def _path(self, lines: Shapes) -> Any:
        """One path along all lines, without bends too fine to be seen; None for no line."""
        seen = shapely.simplify(lines, _FINE_POINTS / self._points, preserve_topology=False)
        xy, owner = shapely.get_coordinates(seen, return_index=True)
        if not len(xy):
            return None
        # Written out here: the path's own methods spend most of their time on trailing zeros.
        begins = np.diff(owner, prepend=-1) != 0
        return PDFPathObject(
            [
                f"{x:.2f} {y:.2f} {'m' if begin else 'l'}"
                for (x, y), begin in zip(self._on_paper(xy).tolist(), begins.tolist(), strict=True)
            ]
        )


def _parts(shape: BaseGeometry, kind: str) -> list[BaseGeometry]:
    return [
        part
        for one in shapely.get_parts(shape)
        for part in shapely.get_parts(one)
        if part.geom_type == kind and not part.is_empty
    ]


def _largest(shape: BaseGeometry) -> BaseGeometry:
    return max(_parts(shape, "Polygon"), key=lambda part: part.area)
