# SPDX-License-Identifier: Apache-2.0
"""The demo's addresses as they stand in its shapefiles: what people mean when they call."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

FOLDER = Path(__file__).parents[2] / "data" / "shapefiles"
# Ends of streets nearer than this, in degrees (about 60 m), are one crossing: dual carriageways.
ONE_CROSSING = 0.0006
_METRE = 1 / 111_320
_ROOM_ROUND_A_POINT = 40 * _METRE
_ROOM_ROUND_A_HOUSE = 2 * _METRE


@dataclass(frozen=True)
class Answer:
    """A place that is a right answer. `shape` in WGS-84 degrees."""

    id: str
    label: str
    shape: BaseGeometry
    building: bool

    def is_at(self, lon: float, lat: float) -> bool:
        """Whether a found point is this place: in the house, or within some 40 m of a point."""
        room = _ROOM_ROUND_A_HOUSE if self.building else _ROOM_ROUND_A_POINT
        return bool(self.shape.distance(shapely.Point(lon, lat)) <= room)


@dataclass(frozen=True)
class House:
    """A building with its address. `mark` is what its sign says after the number: 号 or 号楼."""

    answer: Answer
    street: str
    number: str
    mark: str
    estate: str
    units: int
    floors: int
    community: str
    subdistrict: str


@dataclass(frozen=True)
class Landmark:
    """A place known by its name."""

    answer: Answer
    name: str
    aliases: tuple[str, ...]
    community: str
    subdistrict: str


@dataclass(frozen=True)
class Demo:
    """Everything in the demo that a caller may name."""

    houses: tuple[House, ...]
    landmarks: tuple[Landmark, ...]
    # The points where two streets meet, by the pair of their names in order.
    crossings: dict[tuple[str, str], tuple[Answer, ...]]
    areas: frozenset[str]


@lru_cache(maxsize=1)
def demo() -> Demo:
    """The demo, read once."""
    areas = {row["code"]: row["name"] for layer in _AREAS for row in _rows(layer)}
    return Demo(
        houses=tuple(_house(row, areas) for row in _rows("buildings")),
        landmarks=tuple(_landmark(row, areas) for row in _rows("landmarks")),
        crossings=_crossings(),
        areas=frozenset(areas.values()),
    )


_AREAS = ("district", "subdistricts", "communities")


def _rows(layer: str) -> list[dict[str, object]]:
    frame = pyogrio.read_dataframe(FOLDER / f"{layer}.shp")
    return [
        {key: "" if value != value else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _house(row: dict[str, object], areas: dict[object, object]) -> House:
    number, sign = str(row["number"]), str(row["name"])
    return House(
        answer=Answer(str(row["id"]), f"{row['street']}{sign}", _shape(row), building=True),
        street=str(row["street"]),
        number=number,
        mark=sign.removeprefix(number),
        estate=str(row["estate"]),
        units=int(str(row["units"])),
        floors=int(str(row["floors"])),
        community=str(areas[str(row["cell"])[:12]]),
        subdistrict=str(areas[str(row["cell"])[:9]]),
    )


def _landmark(row: dict[str, object], areas: dict[object, object]) -> Landmark:
    name = str(row["name"])
    return Landmark(
        answer=Answer(str(row["id"]), name, _shape(row), building=False),
        name=name,
        aliases=tuple(filter(None, str(row["aliases"]).split(";"))),
        community=str(areas[str(row["cell"])[:12]]),
        subdistrict=str(areas[str(row["cell"])[:9]]),
    )


def _shape(row: dict[str, object]) -> BaseGeometry:
    shape = row["geometry"]
    assert isinstance(shape, BaseGeometry)
    return shape


def _crossings() -> dict[tuple[str, str], tuple[Answer, ...]]:
    """Where streets of two names share an end: the lines are noded at crossings."""
    names: dict[tuple[float, float], set[str]] = defaultdict(set)
    for row in _rows("streets"):
        for line in getattr(row["geometry"], "geoms", [row["geometry"]]):
            for end in (line.coords[0], line.coords[-1]):
                names[end].add(str(row["name"]))
    met: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for end, here in sorted(names.items()):
        point = shapely.Point(end)
        for one in sorted(here):
            for other in sorted(here):
                near = any(point.distance(known) < ONE_CROSSING for known in met[one, other])
                if one < other and not near:
                    met[one, other].append(point)
    return {
        pair: tuple(
            Answer(f"{'×'.join(pair)}#{n}", f"{pair[0]}与{pair[1]}路口", point, building=False)
            for n, point in enumerate(points)
        )
        for pair, points in met.items()
        if points
    }


def stem(name: str) -> str:
    """What a family of streets, or the estates of one name, have in common: 彩虹 of 彩虹街二巷."""
    return re.sub(r"(?<=..)(大道|街|路|线)?([一二三四五六七八九十]+巷)?$", "", name)
