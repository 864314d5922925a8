# SPDX-License-Identifier: Apache-2.0
"""Mending the geometry of a layer, each mend reported; what no rule may mend is refused.

Coordinates come in as WGS-84 degrees and go out as multiples of 1e-7 degree; sizes and widths are
measured in the metric CRS.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import degrees, geometry_to_degrees, geometry_to_metres, metric_srid, on_grid
from geo.interchange.rules import GeometryWrong, Layer, Repair, Unrepairable
from geo.interchange.tangles import tangled
from geo.units import Metres, SquareMetres

POLYGONS = ("Polygon", "MultiPolygon")
# A tenth of a millimetre: less is the noise of arithmetic, not a moved vertex.
_MOVED_FROM_DEGREES = 1e-9
# A square of ten centimetres: smaller pieces are summed up as matched vertices.
_SPECK_M2 = 0.01
_GRID_PASSES = 4

Shapes = NDArray[np.object_]


def srid_for(shapes: Sequence[BaseGeometry]) -> int:
    """The metric CRS of the place where these shapes (degrees) lie."""
    west, _, east, _ = shapely.total_bounds(np.array(shapes, dtype=object))
    return metric_srid((west + east) / 2)


def sound(layer: Layer, kinds: Sequence[str] = POLYGONS) -> tuple[list[BaseGeometry], list[Repair]]:
    """Each geometry of a layer valid, oriented, without doubled vertices and on the grid.

    Raises: GeometryWrong (not of `kinds`), Unrepairable.
    """
    for number, shape in zip(layer.numbers, layer.shapes, strict=True):
        if shape.geom_type not in kinds:
            raise GeometryWrong(
                layer=layer.name, feature=number, found=shape.geom_type, wanted=" / ".join(kinds)
            )
    shapes = np.array(layer.shapes, dtype=object)
    repairs: list[Repair] = []
    shapes = _without_doubles(shapes, layer, repairs)
    shapes = _valid(shapes, layer, repairs)
    if layer.clockwise and kinds is POLYGONS:
        shapes = _oriented(shapes, layer, repairs)
    return list(_gridded(shapes, layer, repairs)), repairs


def edge_matched(
    shapes: Sequence[BaseGeometry], labels: Sequence[str], layer: str, tolerance: Metres
) -> tuple[list[BaseGeometry], list[Repair]]:
    """Neighbours share every vertex; gaps and overlaps up to `tolerance` wide are closed.

    Raises: Unrepairable, for an overlap that is wider or a coverage that stays broken.
    """
    srid = srid_for(shapes)
    metric = np.array([geometry_to_metres(shape, srid) for shape in shapes], dtype=object)
    if shapely.coverage_is_valid(metric, gap_width=tolerance):
        return list(shapes), []
    repairs: list[Repair] = []
    for first, second, piece in _overlaps(metric):
        names = f"{labels[first]} / {labels[second]}"
        _refuse_wide(piece, "overlap", names, layer, srid, tolerance)
        repairs.append(_at("repair.overlap", layer, first + 1, names, piece, srid))
    before = shapely.union_all(metric)
    # Snapping closes slits that are open to the outside, which are no gaps in a coverage.
    # The stubs are a release behind the library.
    cleaned = shapely.coverage_clean(  # type: ignore[attr-defined]
        metric, gap_width=tolerance, snapping_distance=tolerance
    )
    gaps = shapely.difference(shapely.union_all(cleaned), before)
    for piece in _pieces(gaps):
        nearest = int(shapely.STRtree(metric).nearest(piece.representative_point()))
        repairs.append(_at("repair.gap", layer, nearest + 1, labels[nearest], piece, srid))
    for number, (old, new) in enumerate(zip(metric, cleaned, strict=True)):
        moved = shapely.symmetric_difference(old, new)
        _refuse_wide(moved, "overlap", labels[number], layer, srid, Metres(2 * tolerance))
    matched = [
        shape if _same(old, new) else on_grid(geometry_to_degrees(new, srid))
        for shape, old, new in zip(shapes, metric, cleaned, strict=True)
    ]
    repairs.append(_matched(metric, cleaned, layer, srid))
    for number, edge in enumerate(shapely.coverage_invalid_edges(matched)):
        if not edge.is_empty or not matched[number].is_valid:
            where = edge if not edge.is_empty else matched[number]
            raise Unrepairable(
                layer=layer,
                kind="edge",
                label=labels[number],
                size_m2=0,
                **_lon_lat(geometry_to_metres(where, srid), srid),
            )
    return matched, repairs


def difference_by_width(
    one: BaseGeometry, other: BaseGeometry, srid: int
) -> list[tuple[BaseGeometry, float]]:
    """Pieces (metres) of `one` (degrees) outside `other` (degrees), with the width of each."""
    outside = shapely.difference(one, other)
    if outside.is_empty:
        return []
    pieces = _pieces(geometry_to_metres(outside, srid))
    return [(piece, _width(piece)) for piece in pieces]


def place_of(piece: BaseGeometry, srid: int) -> dict[str, float]:
    """`lon` and `lat` of a piece in metres, for an error or a report."""
    return _lon_lat(piece, srid)


def _without_doubles(shapes: Shapes, layer: Layer, repairs: list[Repair]) -> Shapes:
    single = shapely.remove_repeated_points(shapes)
    fewer = shapely.get_num_coordinates(shapes) - shapely.get_num_coordinates(single)
    for place in np.flatnonzero(fewer > 0):
        repairs.append(
            Repair(
                "repair.doubled_vertex",
                layer.name,
                layer.numbers[place],
                label_of(layer, int(place)),
                None,
                *_doubled(shapes[place]),
                count=int(fewer[place]),
            )
        )
    return np.asarray(single, dtype=object)


def _doubled(shape: BaseGeometry) -> tuple[float, float]:
    for one, other in pairwise(shapely.get_coordinates(shape).tolist()):
        if one == other:
            return round(one[0], 7), round(one[1], 7)
    point = shape.representative_point()
    return round(point.x, 7), round(point.y, 7)


def _valid(shapes: Shapes, layer: Layer, repairs: list[Repair]) -> Shapes:
    out = shapes.copy()
    for place in np.flatnonzero(~shapely.is_valid(shapes)):
        broken = shapes[place]
        reason = str(shapely.is_valid_reason(broken))
        mended = None if tangled(broken) else _made_valid(broken)
        srid = srid_for([broken])
        if mended is None:
            point = shapely.Point(shapely.get_coordinates(broken)[0])
            raise Unrepairable(
                layer=layer.name,
                kind="invalid",
                label=label_of(layer, int(place)),
                size_m2=0,
                **_lon_lat(geometry_to_metres(point, srid), srid),
            )
        change = abs(
            geometry_to_metres(mended, srid).area - abs(geometry_to_metres(broken, srid).area)
        )
        where = re.search(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)", reason)
        point = mended.representative_point()
        lon, lat = (float(where[1]), float(where[2])) if where else (point.x, point.y)
        repairs.append(
            Repair(
                "repair.invalid",
                layer.name,
                layer.numbers[place],
                label_of(layer, int(place)),
                SquareMetres(round(change, 3)),
                round(lon, 7),
                round(lat, 7),
            )
        )
        out[place] = mended
    return out


def _made_valid(broken: BaseGeometry) -> BaseGeometry | None:
    """The same valid and of its own dimension, or None where nothing of that remains."""
    dimension = 2 if broken.geom_type in POLYGONS else shapely.get_dimensions(broken)
    mended = shapely.make_valid(broken, method="structure", keep_collapsed=False)
    parts = [
        part for part in shapely.get_parts(mended) if shapely.get_dimensions(part) == dimension
    ]
    whole: BaseGeometry = shapely.union_all(parts)
    return None if whole.is_empty or not whole.is_valid else whole


def _oriented(shapes: Shapes, layer: Layer, repairs: list[Repair]) -> Shapes:
    """Shells clockwise, holes against it, as the shapefile's own specification has them."""
    oriented = shapely.orient_polygons(shapes, exterior_cw=True)
    turned = ~shapely.equals_exact(shapes, oriented, tolerance=0)
    for place in np.flatnonzero(turned):
        point = shapes[place].representative_point()
        repairs.append(
            Repair(
                "repair.orientation",
                layer.name,
                layer.numbers[place],
                label_of(layer, int(place)),
                None,
                round(point.x, 7),
                round(point.y, 7),
            )
        )
    return np.asarray(oriented, dtype=object)


def _gridded(shapes: Shapes, layer: Layer, repairs: list[Repair]) -> Shapes:
    before = shapely.get_coordinates(shapes)
    gridded = shapely.transform(shapes, lambda xy: np.round(xy, 7))
    shift = np.abs(shapely.get_coordinates(gridded) - before).max(axis=1)
    moved = np.flatnonzero(shift > _MOVED_FROM_DEGREES)
    if len(moved):
        largest = before[moved[np.argmax(shift[moved])]]
        repairs.append(
            Repair(
                "repair.grid",
                layer.name,
                lon=round(float(largest[0]), 7),
                lat=round(float(largest[1]), 7),
                count=len(moved),
            )
        )
    # Rounding may lay vertices upon each other, or an edge across its neighbour.
    gridded = np.asarray(shapely.remove_repeated_points(gridded), dtype=object)
    for _ in range(_GRID_PASSES):
        broken = ~shapely.is_valid(gridded)
        if not broken.any():
            return gridded
        quiet: list[Repair] = []
        gridded = shapely.transform(_valid(gridded, layer, quiet), lambda xy: np.round(xy, 7))
        gridded = np.asarray(shapely.remove_repeated_points(gridded), dtype=object)
        repairs.extend(quiet)
    place = int(np.flatnonzero(~shapely.is_valid(gridded))[0])
    lon, lat = shapely.get_coordinates(gridded[place])[0].tolist()
    raise Unrepairable(
        layer=layer.name, kind="invalid", label=label_of(layer, place), size_m2=0, lon=lon, lat=lat
    )


def label_of(layer: Layer, place: int) -> str:
    """What a person calls a feature: its name or code where it has one, else its number."""
    row = layer.rows[place]
    for field in ("name", "名称", "行政区名", "code", "id"):
        if row.get(field):
            return str(row[field])[:40]
    return f"#{layer.numbers[place]}"


def _overlaps(metric: Shapes) -> list[tuple[int, int, BaseGeometry]]:
    tree = shapely.STRtree(metric)
    one, other = tree.query(metric, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shared = shapely.intersection(metric[one], metric[other])
    return [
        (int(first), int(second), piece)
        for first, second, common in zip(one, other, shared, strict=True)
        if common.area > _SPECK_M2
        for piece in _pieces(common)
    ]


def _pieces(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(shape) if part.area > _SPECK_M2]


def _width(piece: BaseGeometry) -> float:
    """The width of a piece at its widest, in its own units: twice the largest circle inside."""
    assert isinstance(piece, shapely.Polygon | shapely.MultiPolygon)
    circle = shapely.maximum_inscribed_circle(piece)
    return 2.0 * float(circle.length)


def _refuse_wide(
    shape: BaseGeometry, kind: str, label: str, layer: str, srid: int, tolerance: Metres
) -> None:
    for piece in _pieces(shape):
        # An area this small or thin needs no circle.
        if piece.area > tolerance**2 / 4 and _width(piece) > tolerance:
            raise Unrepairable(
                layer=layer,
                kind=kind,
                label=label,
                size_m2=round(piece.area, 2),
                **_lon_lat(piece, srid),
            )


def _same(old: BaseGeometry, new: BaseGeometry) -> bool:
    if shapely.get_num_coordinates(old) != shapely.get_num_coordinates(new):
        return False
    return bool(shapely.equals_exact(old, new, tolerance=1e-6, normalize=True))


def _matched(metric: Shapes, cleaned: Shapes, layer: str, srid: int) -> Repair:
    """Vertices that one neighbour had and the other lacked, with no area to speak of."""
    changed = [
        place
        for place, (old, new) in enumerate(zip(metric, cleaned, strict=True))
        if not _same(old, new)
    ]
    place = _lon_lat(metric[changed[0] if changed else 0], srid)
    return Repair(
        "repair.matched", layer, lon=place["lon"], lat=place["lat"], count=max(len(changed), 1)
    )


def _at(code: str, layer: str, feature: int, label: str, piece: BaseGeometry, srid: int) -> Repair:
    place = _lon_lat(piece, srid)
    size = SquareMetres(round(piece.area, 3))
    return Repair(code, layer, feature, label, size, place["lon"], place["lat"])


def _lon_lat(piece: BaseGeometry, srid: int) -> dict[str, float]:
    point = piece.representative_point()
    lon, lat = degrees(point.x, point.y, srid)
    return {"lon": round(lon, 6), "lat": round(lat, 6)}
