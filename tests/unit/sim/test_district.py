# SPDX-License-Identifier: Apache-2.0
"""The committed demo district keeps what its README promises."""

from functools import lru_cache
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from geo.hierarchy.numbering import reading_order
from geo.sim.district.names import communities
from geo.sim.district.outline import outline
from geo.sim.district.town import lines, shape_town

DATA = Path(__file__).parents[3] / "data" / "shapefiles"
LAYERS = {
    "district", "subdistricts", "communities", "cells", "bldggroups", "buildings", "streets",
    "waters", "railways", "green", "landmarks", "checkpoints",
}  # fmt: skip


@lru_cache(maxsize=16)
def layer(name: str) -> geopandas.GeoDataFrame:
    return geopandas.read_file(DATA / f"{name}.shp")


def test_counts_are_those_of_the_district() -> None:
    counts = [len(layer(n)) for n in ("district", "subdistricts", "communities", "cells")]
    assert counts == [1, 7, 52, 315]
    assert 1300 <= len(layer("bldggroups")) <= 1800


def test_communities_carry_the_statistics_codes_and_the_rainbow_alias() -> None:
    table = layer("communities").set_index("code")
    assert set(table.index) == {c.code for c in communities()}
    rainbow = table.loc["210503009010"]
    assert (rainbow["name"], rainbow["aliases"]) == ("彩虹社区", "彩宏社区")
    assert "下石社区" not in set(table["name"])


@pytest.mark.parametrize(
    ("child", "parent", "digits"),
    [("subdistricts", "district", 6), ("communities", "subdistricts", 9),
     ("cells", "communities", 12)],
)  # fmt: skip
def test_areas_nest_and_tile_exactly(child: str, parent: str, digits: int) -> None:
    parts, wholes = layer(child), layer(parent).set_index("code")
    assert (parts["code"].str[:digits] == parts["parent"].fillna("")).all()
    assert parts.geom_type.eq("Polygon").all()
    assert parts.is_valid.all()
    assert shapely.coverage_is_valid(parts.geometry.to_numpy())
    for code, mine in parts.groupby("parent"):
        assert mine.geometry.union_all().equals(wholes.loc[code, "geometry"])


def test_every_coordinate_is_a_multiple_of_the_grid() -> None:
    for name in LAYERS:
        xy = shapely.get_coordinates(layer(name).geometry.to_numpy())
        assert (xy == np.round(xy, 7)).all(), name
        assert layer(name).is_valid.all(), name


def test_extent_and_area_are_the_real_ones() -> None:
    district = layer("district")
    west, south, east, north = district.total_bounds
    assert (west, south, east, north) == pytest.approx((123.586, 41.268, 123.850, 41.539), abs=2e-3)
    assert district.to_crs(4550).area.iloc[0] == pytest.approx(316e6, rel=0.02)


def test_cells_hold_what_a_grid_holds() -> None:
    cells, houses = layer("cells"), layer("buildings")
    assert cells["households"].between(250, 600).all()
    assert 120_000 <= cells["households"].sum() <= 140_000
    summed = houses.groupby("cell")["households"].sum()
    assert (cells.set_index("code")["households"] == summed.reindex(cells["code"])).all()


def test_some_dozens_of_town_cells_are_small() -> None:
    bounds = layer("cells").to_crs(4550).bounds
    width = np.maximum(bounds.maxx - bounds.minx, bounds.maxy - bounds.miny)
    assert (width < 400).sum() >= 36


def test_sequence_runs_west_to_east_in_rows_from_the_north() -> None:
    for code, mine in layer("cells").sort_values("code").groupby("parent"):
        assert reading_order(list(mine.geometry)) == list(range(len(mine))), code
        assert list(mine["code"].str[12:]) == [f"{i:03d}" for i in range(1, len(mine) + 1)]


def test_buildings_stand_alone_in_one_cell_and_one_group() -> None:
    houses = layer("buildings")
    cell = layer("cells").set_index("code").geometry.reindex(houses["cell"]).to_numpy()
    group = layer("bldggroups").set_index("code").geometry.reindex(houses["group"]).to_numpy()
    shapes = houses.geometry.to_numpy()
    assert shapely.contains(cell, shapes).all()
    assert shapely.covers(group, shapes).all()
    assert (houses["group"].str[:15] == houses["cell"]).all()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (a == b).all()


@pytest.mark.parametrize("name", ["streets", "waters", "railways"])
def test_no_building_stands_on_a_street_water_or_track(name: str) -> None:
    tree = shapely.STRtree(layer("buildings").geometry.to_numpy())
    assert tree.query(layer(name).geometry.to_numpy(), predicate="intersects").size == 0


def test_streets_meet_only_at_their_ends() -> None:
    lines = layer("streets").geometry.to_numpy()
    a, b = shapely.STRtree(lines).query(lines, predicate="crosses")
    crossing = shapely.intersection(lines[a], lines[b])
    assert shapely.length(crossing).max(initial=0.0) == 0.0
    inner = [c for c, i, j in zip(crossing, a, b, strict=True) if i < j and not c.is_empty]
    assert len(inner) < 0.002 * len(lines)


def test_checkpoints_are_three_to_five_a_cell_and_well_inside() -> None:
    spots = layer("checkpoints").to_crs(4550)
    cells = layer("cells").to_crs(4550).set_index("code").geometry
    assert spots["id"].is_unique
    assert spots["radius_m"].between(20, 40).all()
    counts = spots.groupby("cell").size().reindex(cells.index, fill_value=0)
    assert counts.between(3, 5).all()
    mine = cells.reindex(spots["cell"]).to_numpy()
    assert shapely.contains(mine, spots.geometry.to_numpy()).all()
    assert shapely.distance(shapely.boundary(mine), spots.geometry.to_numpy()).min() >= 8.0


def test_rainbow_street_has_its_houses() -> None:
    houses = layer("buildings")
    street = houses[houses["street"] == "彩虹街"].set_index("number")
    ten = street.loc["10"]
    assert (ten["name"], ten["kind"]) == ("10号楼", "residential")
    assert ten["units"] >= 3
    assert ten["cell"].startswith("210503009010")
    assert street.loc["10-3"]["name"] == "10-3号"
    assert {str(n) for n in range(1, 21)} <= set(street.index)
    assert "彩虹街" in set(layer("streets")["name"])


def test_long_streets_have_their_numbers() -> None:
    houses = layer("buildings")
    first = houses["number"].str.split("-").str[0].astype(int)
    assert first[houses["street"] == "建设大道"].max() > 120
    assert (houses["street"] == "长安路").sum() >= 10
    assert not houses.duplicated(["street", "number"]).any()


def test_the_files_are_small_and_complete() -> None:
    files = [f for f in DATA.iterdir() if f.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg"}]
    assert {f.stem for f in files} == LAYERS
    assert len(files) == 5 * len(LAYERS)
    assert sum(f.stat().st_size for f in files) < 8_000_000


def test_the_same_seed_gives_the_same_land() -> None:
    made = []
    for _ in range(2):
        rng = np.random.default_rng(210503)
        border = outline(rng)
        town = shape_town(border, lines(rng))
        made.append([border.wkb, *(town[c].wkb for c in sorted(town))])
    assert made[0] == made[1]
    committed = layer("district").to_crs(4550).area.iloc[0]
    assert shapely.from_wkb(made[0][0]).area == pytest.approx(committed, rel=1e-3)


def test_one_can_walk_from_every_street_to_every_other() -> None:
    parent: dict[tuple[float, ...], tuple[float, ...]] = {}

    def root(node: tuple[float, ...]) -> tuple[float, ...]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    lines = layer("streets").geometry
    for line in lines:
        parent[root(line.coords[0])] = root(line.coords[-1])
    assert len({root(line.coords[0]) for line in lines}) == 1
