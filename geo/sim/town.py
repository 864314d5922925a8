# SPDX-License-Identifier: Apache-2.0
"""The town a simulated day happens in: cells with their streets and checkpoints, and its places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_metres, metric_srid
from geo.sim.network import Network

# Streets along a border belong to the cells on both sides.
BORDER_STREET_M = 10.0

Thing = TypeVar("Thing", "House", "Mark")


@dataclass(frozen=True)
class Spot:
    """A checkpoint, in plane metres."""

    id: str
    name: str
    x: float
    y: float


@dataclass(frozen=True)
class House:
    """A building with an address, by its centre in plane metres."""

    street: str
    number: str
    estate: str
    units: int
    floors: int
    kind: str
    cell: str
    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    """A landmark everybody knows, in plane metres."""

    name: str
    kind: str
    cell: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Ground:
    """A cell to walk in: its polygon in plane metres, its street nodes and its checkpoints."""

    code: str
    shape: BaseGeometry
    nodes: tuple[int, ...]
    spots: tuple[Spot, ...]
    part_of: Mapping[int, int]
    """Which of the cell's street nodes its own streets join: the number of their part."""

    @cached_property
    def allowed(self) -> frozenset[int]:
        """The street nodes as a set."""
        return frozenset(self.nodes)


@dataclass(frozen=True, eq=False)
class Town:
    """Everything a day needs to know. `names` are those of communities and subdistricts by code."""

    srid: int
    network: Network
    grounds: Mapping[str, Ground]
    houses: Sequence[House]
    marks: Sequence[Mark]
    names: Mapping[str, str]


def town_of(
    *,
    cells: Mapping[str, BaseGeometry],
    streets: Sequence[BaseGeometry],
    spots: Mapping[str, Sequence[tuple[str, str, BaseGeometry]]],
    houses: Sequence[tuple[House, BaseGeometry]] = (),
    marks: Sequence[tuple[Mark, BaseGeometry]] = (),
    names: Mapping[str, str] | None = None,
) -> Town:
    """A town from geometry in WGS-84 degrees.

    `spots` are (id, name, point) by cell. Houses and marks come with their geometry: their own `x`
    and `y` are filled in from it.
    """
    srid = metric_srid(next(iter(cells.values())).centroid.x)
    network = Network.of(geometry_to_metres(line, srid) for line in streets)
    grounds = {}
    for code, shape in sorted(cells.items()):
        plane = geometry_to_metres(shape, srid)
        found = [int(node) for node in network.within(plane.buffer(BORDER_STREET_M))]
        # No street at all: he walks about the nearest one.
        nodes = found or [network.nearest(plane.centroid.x, plane.centroid.y)]
        there = []
        for spot_id, name, point in spots.get(code, ()):
            at = geometry_to_metres(point, srid).centroid
            there.append(Spot(spot_id, name, at.x, at.y))
        grounds[code] = Ground(code, plane, tuple(nodes), tuple(there), network.parts(nodes))
    return Town(
        srid=srid,
        network=network,
        grounds=grounds,
        houses=_placed(houses, srid),
        marks=_placed(marks, srid),
        names=dict(names or {}),
    )


def read_town(folder: Path) -> Town:
    """The town of a folder of shapefiles as `geo.sim.district` writes them."""

    cells = _layer(folder, "cells")
    spots: dict[str, list[tuple[str, str, BaseGeometry]]] = {}
    for row, point in _layer(folder, "checkpoints"):
        spots.setdefault(row["cell"], []).append((row["id"], row["name"], point))
    names = {
        row["code"]: row["name"]
        for name in ("subdistricts", "communities")
        for row, _ in _layer(folder, name)
    }
    houses = [
        (
            House(
                row["street"], row["number"], row["estate"], int(row["units"]),
                int(row["floors"]), row["kind"], row["cell"], 0.0, 0.0,
            ),
            shape,
        )
        for row, shape in _layer(folder, "buildings")
    ]  # fmt: skip
    marks = [
        (Mark(row["name"], row["kind"], row["cell"], 0.0, 0.0), point)
        for row, point in _layer(folder, "landmarks")
    ]
    return town_of(
        cells={row["code"]: shape for row, shape in cells},
        streets=[line for _, line in _layer(folder, "streets")],
        spots=spots,
        houses=houses,
        marks=marks,
        names=names,
    )


def _layer(folder: Path, name: str) -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Rows and shapes of a shapefile, without the weight of data frames; empty texts are ''."""
    meta, _, shapes, columns = pyogrio.raw.read(folder / f"{name}.shp", encoding="UTF-8")
    values = [["" if value is None else value for value in column] for column in columns]
    rows = [dict(zip(meta["fields"], row, strict=True)) for row in zip(*values, strict=True)]
    return list(zip(rows, shapely.from_wkb(shapes), strict=True))


def _placed(things: Sequence[tuple[Thing, BaseGeometry]], srid: int) -> list[Thing]:
    if not things:
        return []
    centres = shapely.centroid(np.array([shape for _, shape in things], dtype=object))
    plane = geometry_to_metres(shapely.MultiPoint(list(centres)), srid)
    return [
        replace(thing, x=float(x), y=float(y))
        for (thing, _), (x, y) in zip(things, shapely.get_coordinates(plane), strict=True)
    ]
