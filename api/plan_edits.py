# SPDX-License-Identifier: Apache-2.0
"""Edits of a plan as they are said over HTTP."""

from typing import Annotated, Literal, Self

import shapely
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticKnownError
from shapely.geometry.base import BaseGeometry

from api.shapes import Body, Latitude, Longitude, Name
from geo.plans import edits

# A code of a draft may be provisional: a letter from D on takes the place of a digit.
DraftCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9D-Z][0-9]{2}){0,3}$")]
DraftCell = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9D-Z][0-9]{2}){3}$")]
Codes = Annotated[tuple[DraftCode, ...], Field(min_length=1, max_length=1000)]
Position = tuple[Longitude, Latitude]
# A person draws dozens of corners; what thousands cut takes half a minute and more to work out.
_MOST_CORNERS = 2000
Positions = Annotated[tuple[Position, ...], Field(min_length=2, max_length=_MOST_CORNERS)]
Ring = Annotated[tuple[Position, ...], Field(min_length=4, max_length=_MOST_CORNERS)]


def _few_corners(rings: tuple[Ring, ...]) -> tuple[Ring, ...]:
    corners = sum(map(len, rings))
    if corners > _MOST_CORNERS:
        most = {"field_type": "Polygon", "max_length": _MOST_CORNERS, "actual_length": corners}
        raise PydanticKnownError("too_long", most)
    return rings


class PolygonBody(Body):
    """A GeoJSON Polygon in WGS-84 degrees."""

    type: Literal["Polygon"]
    coordinates: Annotated[
        tuple[Ring, ...], Field(min_length=1, max_length=100), AfterValidator(_few_corners)
    ]

    def value(self) -> BaseGeometry:
        """As shapely knows it."""
        shell, *holes = self.coordinates
        return shapely.Polygon(shell, holes)


class LineBody(Body):
    """A GeoJSON LineString in WGS-84 degrees."""

    type: Literal["LineString"]
    coordinates: Positions

    def value(self) -> BaseGeometry:
        """As shapely knows it."""
        return shapely.LineString(self.coordinates)


class TransferBody(Body):
    """Give an area to a cell."""

    op: Literal["transfer"]
    area: PolygonBody
    to: DraftCell
    buildings: Literal["whole", "cut"] = "whole"

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Transfer(self.area.value(), self.to, self.buildings == "whole")


class RedrawBody(Body):
    """Draw the border between two neighbours anew."""

    op: Literal["redraw"]
    between: tuple[DraftCell, DraftCell]
    line: LineBody
    buildings: Literal["whole", "cut"] = "whole"

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Redraw(self.between, self.line.value(), self.buildings == "whole")


class SplitBody(Body):
    """Divide a cell by a line, or into parts with as many households each."""

    op: Literal["split"]
    cell: DraftCell
    line: LineBody | None = None
    parts: Annotated[int, Field(ge=2, le=50)] | None = None
    buildings: Literal["whole", "cut"] = "whole"

    def value(self) -> edits.Edit:
        """The edit."""
        line = None if self.line is None else self.line.value()
        return edits.Split(self.cell, line, self.parts, self.buildings == "whole")


class MergeBody(Body):
    """Make one cell of several."""

    op: Literal["merge"]
    cells: Annotated[tuple[DraftCell, ...], Field(min_length=2, max_length=100)]
    name: Name | None = None

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Merge(self.cells, self.name)


class ReassignBody(Body):
    """Give cells to another community, or communities to another subdistrict."""

    op: Literal["reassign"]
    cells: Codes | None = None
    communities: Codes | None = None
    community: DraftCode | None = None
    subdistrict: DraftCode | None = None

    @model_validator(mode="after")
    def _one_pair(self) -> Self:
        said = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if said not in ({"op", "cells", "community"}, {"op", "communities", "subdistrict"}):
            raise ValueError("give cells and community, or communities and subdistrict")
        return self

    def value(self) -> edits.Edit:
        """The edit."""
        areas, to = self.cells or self.communities, self.community or self.subdistrict
        return edits.Reassign(areas or (), to or "")


class FoundBody(Body):
    """Make a new community of cells, or a new subdistrict of communities."""

    op: Literal["found"]
    areas: Codes
    parent: DraftCode
    name: Name

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Found(self.areas, self.parent, self.name)


class RenameBody(Body):
    """Call an area by another name."""

    op: Literal["rename"]
    cell: DraftCode
    name: Name

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Rename(self.cell, self.name)


class LockBody(Body):
    """Protect cells from every edit, or free them."""

    op: Literal["lock"]
    cells: Annotated[tuple[DraftCell, ...], Field(min_length=1, max_length=1000)]
    locked: bool

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Lock(self.cells, self.locked)


class DeclareBody(Body):
    """Let a community or an area above it lie in several parts, or in one again."""

    op: Literal["declare"]
    area: DraftCode
    islands: bool

    def value(self) -> edits.Edit:
        """The edit."""
        return edits.Declare(self.area, self.islands)


EditBody = Annotated[
    TransferBody
    | RedrawBody
    | SplitBody
    | MergeBody
    | ReassignBody
    | FoundBody
    | RenameBody
    | LockBody
    | DeclareBody,
    Field(discriminator="op"),
]
