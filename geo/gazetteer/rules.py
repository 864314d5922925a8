# SPDX-License-Identifier: Apache-2.0
"""Places, and what a search for one answers."""

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from geo.ids import CellCode
from geo.units import Metres


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


class Match(StrEnum):
    """How a candidate was found; it says how far its place can be trusted."""

    NUMBER = "number"  # street or estate with the very house number
    NUMBER_BASE = "number_base"  # the house in front of 10-3 is 10
    AREA_NUMBER = "area_number"  # a house of that number in a named area
    INTERPOLATED = "interpolated"  # between two known numbers of the street
    CROSSING = "crossing"
    NAME = "name"
    CONTAINED = "contained"  # a known name inside a longer text
    STREET = "street"  # the street is known, the number is not
    SIMILAR = "similar"


@dataclass(frozen=True)
class Candidate:
    """A place that a text may mean. WGS-84 degrees; `score` from 0 to 1, equal scores are ties.

    `cell` is the cell of the plan in force that holds the point, None where none does.
    """

    label: str
    kind: str
    lon: float
    lat: float
    score: float
    match: Match
    cell: str | None = None


# How well each kind of match says where something is. A house number names a spot; a street or an
# area is only a region to look in, so it stays below what a place must score to stand alone.
SCORES = {
    Match.NUMBER: 1.0,
    Match.CROSSING: 0.95,
    Match.NUMBER_BASE: 0.9,
    Match.INTERPOLATED: 0.85,
    Match.STREET: 0.6,
    Match.AREA_NUMBER: 0.7,
}
NAME_SCORES = {
    PlaceKind.LANDMARK: 1.0,
    PlaceKind.BUILDING: 1.0,
    PlaceKind.ESTATE: 0.9,
    PlaceKind.STREET: 0.7,
    PlaceKind.AREA: 0.65,
}
# The share of the text that a contained name covers moves its score between these.
CONTAINED_SCORES = (0.5, 0.95)
# A similar name says less than its similarity: a wrong character is often another street.
SIMILAR_FACTOR = 0.7
# Names that fit less well than this are not thought of.
LEAST_LIKENESS = 0.4
# A misspelling that is known says less than a name of that spelling.
MISSPELT_FACTOR = 0.94
# A house in another area, street or estate than was said beside it.
ELSEWHERE_FACTOR = 0.9
# An interpolated place settles only where its neighbours stand so near that its cell is sure.
SURE_APART = Metres(80.0)
UNSURE_SCORE = 0.72
# A place that something is beside, not in, settles when no other cell lies within this.
BESIDE_REACH = Metres(40.0)

# A best candidate settles a place by itself when it scores this and leads by the margin.
SETTLED_SCORE = 0.75
SETTLED_MARGIN = 0.05

# Numbers further apart than this say nothing about the numbers between them.
INTERPOLATION_REACH = Metres(250.0)
# Crossing points of two dual carriageways nearer than this are one crossing.
ONE_CROSSING = Metres(60.0)


def settled(candidates: list[Candidate]) -> Candidate | None:
    """The candidate that is the place without a doubt; None when none is, or two are."""
    if not candidates or candidates[0].score < SETTLED_SCORE:
        return None
    if len(candidates) > 1 and candidates[0].score - candidates[1].score < SETTLED_MARGIN:
        return None
    return candidates[0]
