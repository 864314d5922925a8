# SPDX-License-Identifier: Apache-2.0
"""Places, and the parser of the addresses people say."""

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from geo.ids import CellCode


class PlaceKind(StrEnum):
    """What a found place is."""

    BUILDING = "building"
    STREET = "street"
    ESTATE = "estate"
    LANDMARK = "landmark"
    AREA = "area"


class TerrainKind(StrEnum):
    """What a piece of terrain is."""

    WATER = "water"
    GREEN = "green"
    RAILWAY = "railway"


@dataclass(frozen=True)
class Street:
    """A stretch of street between crossings. `line` in WGS-84 degrees."""

    id: str
    name: str
    kind: str
    line: BaseGeometry


@dataclass(frozen=True)
class Terrain:
    """Water, green or a railway. `shape` in WGS-84 degrees; `sort` tells a river from a pond."""

    kind: TerrainKind
    name: str
    sort: str
    shape: BaseGeometry


@dataclass(frozen=True)
class Landmark:
    """A place known by its name. `lon` and `lat` in WGS-84 degrees."""

    id: str
    name: str
    kind: str
    aliases: tuple[str, ...]
    cell: CellCode
    lon: float
    lat: float
