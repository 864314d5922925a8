# SPDX-License-Identifier: Apache-2.0
"""Drawing a plan: one transfer among many cells, cells that draw themselves, long days of edits.

`transfer`: an area of 30 to 60 m round a corner goes to a neighbour; timed are the new division,
its metrics and its problems, each from those before, in the demo district and in made ones of as
many cells as asked. `draw`: the cells of the demo district drawn anew, beside gerrychain's own
recursive partition of the same atoms, community by community. `edits`: random edits of all kinds on
the demo, each followed by the next, and whether anything is wrong at the end; with `--mess`, on the
demo put in disorder and mended first. No database, one core.

    python -m tests.bench.plans transfer [--cells 315 10000 100000] [--rounds 200]
    python -m tests.bench.plans draw [--seed 1] [--keep]
    python -m tests.bench.plans edits [--rounds 10000] [--seed 1] [--mess 0.2]
"""

import argparse
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial

import geopandas
import networkx
import numpy as np
import shapely
from gerrychain import Graph
from gerrychain.partition.initial_partition_generators import recursive_tree_part
from gerrychain.tree import PopulationBalanceError, bipartition_tree
from shapely.geometry.base import BaseGeometry

from geo.crs import geometry_to_degrees, geometry_to_metres, metres
from geo.hierarchy.rules import Area, Building
from geo.ids import level_of, parent_of
from geo.plans.autodraw import HOUSEHOLDS, draw
from geo.plans.autodraw.atoms import Site, atoms_of
from geo.plans.compactness import polsby_popper
from geo.plans.edits import Edit, Merge, Reassign, Redraw, Repair, Split, Transfer, apply
from geo.plans.lattice import area_m2, in_metres, to_degrees, to_units
from geo.plans.metrics import measured
from geo.plans.opening import ground, opened
from geo.plans.problems import problems, rechecked
from geo.plans.rules import (
    Cell,
    Division,
    EditRefused,
    Ground,
    Group,
    House,
    ShapeWrong,
    Upper,
    boundary,
)
from geo.plans.survey import Barrier, Survey
from geo.walking.network import StreetNet
from tests.bench.verdict import SRID, WIDTH_M, coverage
from tests.drawing import twice_the_area
from tests.mess import messed

FOLDER = "data/shapefiles"
DISTRICT = "210503"


def layer(name: str) -> geopandas.GeoDataFrame:
    return geopandas.read_file(f"{FOLDER}/{name}.shp")


def demo() -> tuple[Division, Ground]:
    """The demo district, as its files say."""
    areas = [
        Area(row.code, row.name, level_of(row.code), parent_of(row.code), 0, (), row.geometry)
        for name in ("district", "subdistricts", "communities", "cells", "bldggroups")
        for row in layer(name).itertuples()
    ]
    buildings = [
        Building(
            row.id,
            row.name,
            row.street,
            row.number,
            row.estate,
            row.units,
            row.floors,
            row.households,
            row.kind,
            row.cell,
            row.group,
            row.geometry,
        )
        for row in layer("buildings").itertuples()
    ]
    outline = next(area.boundary for area in areas if area.code == DISTRICT)
    assert outline is not None
    division = opened(areas, {building.id: building.group for building in buildings})
    return division, ground(buildings, SRID, to_units(outline))


def walls() -> list[Barrier]:
    """The railways, waters and main roads of the demo."""
    streets = layer("streets")
    found = [
        Barrier(kind, row.name, row.geometry)
        for kind, name in (("railway", "railways"), ("water", "waters"))
        for row in layer(name).itertuples()
    ]
    for name, own in streets[streets["class"] == "main"].groupby("name"):
        found.append(Barrier("road", str(name), shapely.union_all(own.geometry.to_numpy())))
    return found


def demo_survey(standing: Ground, rng: np.random.Generator) -> Survey:
    """The demo's checkpoints, barriers and streets, and 3,000 incidents near checkpoints."""
    stops = shapely.get_coordinates(layer("checkpoints").geometry.to_numpy())
    near = stops[rng.integers(0, len(stops), 3000)] + rng.normal(0, 0.001, (3000, 2))
    net = StreetNet(
        list(layer("streets").geometry),
        srid=SRID,
        water=list(layer("waters").geometry),
        railways=list(layer("railways").geometry),
    )
    return Survey(
        standing,
        incidents=[(x, y) for x, y in near],
        checkpoints=[(x, y) for x, y in stops],
        barriers=walls(),
        net=net,
    )


def made(count: int, rng: np.random.Generator) -> tuple[Division, Ground, Survey]:
    """A district of about as many cells, two buildings in each.

    Six in a row are a community, twelve by twelve a subdistrict.
    """
    columns = round(np.sqrt(count) / 6) * 6
    rows = round(count / columns)
    cells, houses = {}, {}
    spots = []
    for number, area in enumerate(coverage(rng, columns, rows, wander=0.012)):
        row, column = divmod(number, columns)
        subdistrict = (row // 12) * -(-columns // 12) + column // 12 + 1
        community = f"{DISTRICT}{subdistrict:03d}{row % 12 * 2 + column % 12 // 6 + 1:03d}"
        code = f"{community}{column % 6 + 1:03d}"
        assert area.boundary is not None
        shape = to_units(area.boundary)
        x, y = shapely.get_coordinates(shapely.centroid(shape))[0].tolist()
        held = []
        for side in (-1, 1):
            x1, y1 = round(x + side * 3000), round(y + side * 1500)
            foot = shapely.box(x1 - 700, y1 - 500, x1 + 700, y1 + 500)
            held.append(f"{code}-{side}")
            houses[held[-1]] = House(held[-1], foot, int(rng.integers(20, 80)))
            spots.append((x1 / 1e7, (y1 - 900) / 1e7))
        own = (code,)
        groups = (Group(f"{code}001", "一", tuple(held), own),)
        cells[code] = Cell(code, code[-3:], shape, groups, (), own)
    uppers = {
        code[:length]: Upper(code[:length], code[:length], (), (code[:length],))
        for code in cells
        for length in (6, 9, 12)
    }
    outline = shapely.coverage_union_all([cell.shape for cell in cells.values()])
    standing = Ground(SRID, houses, outline)
    division = Division(DISTRICT, uppers, cells)
    # A street along the middle of each row and each column of cells.
    west, south = np.min([metres(x, y, SRID) for x, y in spots[:2]], axis=0) - WIDTH_M
    east, north = west + (columns + 2) * WIDTH_M, south + (rows + 2) * WIDTH_M
    lines = [
        shapely.LineString([(west, y), (east, y)]) for y in np.arange(south, north, WIDTH_M)
    ] + [shapely.LineString([(x, south), (x, north)]) for x in np.arange(west, east, WIDTH_M)]
    net = StreetNet([geometry_to_degrees(line, SRID) for line in lines], srid=SRID)
    rail = geometry_to_degrees(lines[len(lines) // 4], SRID)
    survey = Survey(
        standing,
        incidents=spots[::3],
        checkpoints=spots[::2],
        barriers=[Barrier("railway", "铁路", rail)],
        net=net,
    )
    return division, standing, survey


def said(values: Sequence[tuple[float, float]]) -> str:
    """Processor time, and the median by the clock: others use the machine too."""
    worked, waited = np.array(values).T * 1e3
    p50, p95, most = np.percentile(worked, [50, 95, 100])
    return (
        f"p50 {p50:.1f}  p95 {p95:.1f}  max {most:.1f} ms of processor,"
        f" p50 {np.percentile(waited, 50):.1f} ms by the clock"
    )


def now() -> np.ndarray:
    return np.array([time.process_time(), time.perf_counter()])


def transfers(counts: Sequence[int], rounds: int, seed: int) -> None:
    for count in counts:
        rng = np.random.default_rng(seed)
        began = time.perf_counter()
        if count == 315:
            division, standing = demo()
            survey = demo_survey(standing, rng)
        else:
            division, standing, survey = made(count, rng)
        built = time.perf_counter()
        metrics = measured(division, standing, survey)
        all_measured = time.perf_counter()
        known = problems(division, standing)
        checked = time.perf_counter()
        print(
            f"{len(division.cells)} cells: made in {built - began:.1f} s, all metrics"
            f" {all_measured - built:.1f} s, all problems {checked - all_measured:.1f} s",
            flush=True,
        )
        spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
        codes = list(division.cells)
        refused = 0
        while len(spent["edit"]) < rounds and refused < 10 * rounds:
            cell = division.cells[codes[int(rng.integers(len(codes)))]]
            corners = shapely.get_coordinates(cell.shape.exterior)
            corner = corners[int(rng.integers(len(corners)))]
            disc = shapely.Point(corner).buffer(float(rng.uniform(2700, 5400)), quad_segs=4)
            edit = Transfer(to_degrees(disc), cell.code)
            start = now()
            try:
                edited = apply(division, standing, edit)
            except EditRefused:
                refused += 1
                continue
            applied = now()
            metrics = measured(edited.division, standing, survey, metrics)
            followed = now()
            concerned = {*edited.changed, *edited.removed}
            known = rechecked(known, edited.division, standing, codes=concerned)
            ended = now()
            division = edited.division
            for name, took in (
                ("edit", applied - start),
                ("metrics", followed - applied),
                ("problems", ended - followed),
                ("all", ended - start),
            ):
                spent[name].append(tuple(took))
        for name, times in spent.items():
            print(f"  {name:9} {said(times)}")
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"  {len(spent['all'])} transfers, {refused} refused, {len(known)} problems, {mib} MiB",
            flush=True,
        )


def drawings(seed: int, keep: bool) -> None:
    """All 315 cells drawn anew, and gerrychain alone on the atoms of the same communities."""
    division, standing = demo()
    streets = list(layer("streets").geometry)
    barriers = [wall.shape for wall in walls() if wall.kind != "road"]
    began = now()
    answers = draw(
        division,
        standing,
        within=DISTRICT,
        cells=None,
        balance=HOUSEHOLDS,
        tolerance=0.05,
        seed=seed,
        keep=keep,
        streets=streets,
        barriers=barriers,
        report=lambda _: None,
        cancelled=lambda: False,
    )
    worked, waited = now() - began
    print(f"three answers: {worked:.0f} s of processor, {waited:.0f} s by the clock")
    for answer in answers:
        told = {
            name: len(value) if isinstance(value, list) else value
            for name, value in answer.summary.items()
        }
        wrong = len(problems(answer.division, standing))
        print(f"  {told}, {wrong} problems", flush=True)
    alone(division, standing, streets, barriers, seed)


def alone(
    division: Division,
    standing: Ground,
    streets: Sequence[BaseGeometry],
    barriers: Sequence[BaseGeometry],
    seed: int,
) -> None:
    """gerrychain's recursive partition as it comes, by households alone; atoms are not counted."""
    spent, off, compact, failed = 0.0, [], [], 0
    lines = geometry_to_metres(np.array(streets, dtype=object), SRID)
    parts = geometry_to_metres(np.array(barriers, dtype=object), SRID)
    over = moved = 0
    for community in sorted(code for code in division.uppers if len(code) == 12):
        cells = division.below(community)
        land = in_metres(boundary(division, community), SRID)
        feet = {
            id: (number, in_metres(standing.houses[id].footprint, SRID), standing.houses[id])
            for number, cell in enumerate(cells)
            for id in cell.buildings
        }
        atoms = atoms_of(
            land,
            [Site(id, foot, h.households, h.households, n) for id, (n, foot, h) in feet.items()],
            streets=lines[shapely.intersects(lines, land)].tolist(),
            barriers=parts[shapely.intersects(parts, land)].tolist(),
            homes={},
        )
        graph = networkx.Graph()
        graph.add_nodes_from((n, {"weight": w}) for n, w in enumerate(atoms.weight.tolist()))
        graph.add_edges_from(atoms.border.tolist())
        mean = float(atoms.weight.sum()) / len(cells)
        began = time.process_time()
        tolerance = max(0.05, atoms.largest / 2 / mean)
        try:
            labels = recursive_tree_part(
                Graph.from_networkx(graph).convert_from_nx_to_rx(),
                range(len(cells)),
                mean,
                "weight",
                tolerance,
                bipartition_tree_fn=partial(bipartition_tree, max_attempts=2000),
                rng=random.Random(f"{seed} {community}"),
            )
        except (RuntimeError, PopulationBalanceError):
            failed += 1
            continue
        finally:
            spent += time.process_time() - began
        own = np.array([labels[n] for n in range(len(atoms.shapes))])
        for label in range(len(cells)):
            held = np.flatnonzero(own == label)
            off.append(abs(float(atoms.weight[held].sum()) / mean - 1))
            compact.append(shapely.coverage_union_all(atoms.shapes[held]))
            over += len(set(atoms.bank[held[atoms.weight[held] > 0]].tolist())) > 1
        share = np.zeros((len(cells), len(cells)))
        np.add.at(share, (atoms.home[atoms.home >= 0], own[atoms.home >= 0]),
                  atoms.households[atoms.home >= 0])  # fmt: skip
        moved += int(share.sum())
        while share.max() > 0:
            one, other = np.unravel_index(share.argmax(), share.shape)
            moved -= int(share[one, other])
            share[one], share[:, other] = 0, 0
    shares = polsby_popper(np.array(compact, dtype=object))
    print(
        f"gerrychain alone: {spent:.1f} s of processor, {failed} communities without an answer,"
        f" largest deviation {max(off):.4f}, mean {np.mean(off):.4f}, compactness"
        f" {shares.mean():.4f}, households moved {moved}, over barriers {over}"
    )


def edits(rounds: int, seed: int, mess: float) -> None:
    """Random edits of all kinds, one after another, each refused or carried out.

    `mess`: the share of cells put in disorder before, all of it mended in as few repairs as do.
    """
    division, standing = demo()
    if mess:
        division = mended(messed(division, seed, share=mess), standing)
    rng = random.Random(seed)
    land = shapely.coverage_union_all([cell.shape for cell in division.cells.values()])
    count: Counter[str] = Counter()
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number in range(1, rounds + 1):
        kind, edit = any_edit(division, rng)
        began = now()
        try:
            edited = apply(division, standing, edit)
        except (EditRefused, ShapeWrong) as refused:
            count[f"{kind} {refused.code}"] += 1
            continue
        spent[kind].append(tuple(now() - began))
        division = edited.division
        if number % 1000 == 0:
            print(f"  {number} edits, {len(division.cells)} cells", flush=True)
    for kind, times in sorted(spent.items()):
        print(f"  {kind:9} {len(times):5} {said(times)}")
    every = [each for times in spent.values() for each in times]
    print(f"  {'all':9} {len(every):5} {said(every)}")
    print(f"  refused: {dict(sorted(count.items()))}")
    shapes = [cell.shape for cell in division.cells.values()]
    union = shapely.coverage_union_all(shapes)
    faults = Counter(problem.detail.value for problem in problems(division, standing))
    moved = area_m2(union.symmetric_difference(land), SRID)
    shared = sum(shape.area for shape in shapes) - union.area
    housed = sum(len(cell.buildings) for cell in division.cells.values())
    print(
        f"  at the end {len(shapes)} cells, {housed} buildings, problems {dict(faults)}, shared"
        f" land {shared:.1f} square units; the outer border moved over {moved:.4f} m2, net"
        f" {(twice_the_area(union) - twice_the_area(land)) / 2} square units"
    )


def mended(division: Division, standing: Ground) -> Division:
    """A division after all repairs that are proposed, and what they brought about."""
    found = problems(division, standing)
    while ids := tuple(one.id for one in found if one.repair is not None):
        began = now()
        edited = apply(division, standing, Repair(ids))
        print(
            f"  {len(ids)} repairs in {said([tuple(now() - began)])}: {edited.moved_m2:.0f} m2"
            f" moved; before: {dict(Counter(one.detail.value for one in found))}"
        )
        division = edited.division
        found = problems(division, standing)
    return division


def any_edit(division: Division, rng: random.Random) -> tuple[str, Edit]:
    """A transfer, split, merge, redrawing or reassignment somewhere in the district."""
    kinds = ["transfer"] * 5 + ["split"] * 2 + ["merge"] * 3 + ["redraw", "parts", "reassign"]
    kind = rng.choice(kinds)
    cell = division.cells[rng.choice(list(division.cells))]
    beside = [code for code in division.near(cell.shape) if code != cell.code]
    if kind == "transfer":
        x, y = rng.choice(shapely.get_coordinates(cell.shape.exterior).tolist())
        turns = sorted(rng.uniform(0, 2 * np.pi) for _ in range(rng.randrange(3, 9)))
        wide = rng.uniform(300, 12_000)
        far = [wide * rng.uniform(0.4, 1) for _ in turns]
        area = shapely.Polygon(
            [(x + r * np.cos(t), y + r * np.sin(t)) for r, t in zip(far, turns, strict=True)]
        )
        return kind, Transfer(to_degrees(area), cell.code, rng.random() < 0.7)
    if kind == "split":
        return kind, Split(cell.code, to_degrees(through(cell, rng)))
    if kind == "parts":
        return kind, Split(cell.code, parts=rng.choice([2, 3, 4]))
    if kind == "redraw":
        other = division.cells[rng.choice(beside)]
        return kind, Redraw((cell.code, other.code), to_degrees(through(cell, rng)))
    if kind == "merge":
        own = [code for code in beside if code.startswith(cell.community)]
        return kind, Merge((cell.code, rng.choice(own or beside)))
    return kind, Reassign((cell.code,), rng.choice(beside)[:12])


def through(cell: Cell, rng: random.Random) -> BaseGeometry:
    """A bent line through about the middle of a cell."""
    west, south, east, north = cell.shape.bounds

    def place(spread: float) -> tuple[float, float]:
        x, y = (rng.uniform(-0.5, 0.5) * spread for _ in range(2))
        return (west + east) / 2 + x * (east - west), (south + north) / 2 + y * (north - south)

    return shapely.LineString([place(3), place(0.3), place(3)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["transfer", "draw", "edits"])
    parser.add_argument("--cells", type=int, nargs="+", default=[315, 10_000, 100_000])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--mess", type=float, default=0.0)
    asked = parser.parse_args()
    if asked.what == "transfer":
        transfers(asked.cells, asked.rounds or 200, asked.seed)
    elif asked.what == "draw":
        drawings(asked.seed, asked.keep)
    else:
        edits(asked.rounds or 10_000, asked.seed, asked.mess)


if __name__ == "__main__":
    main()
