# SPDX-License-Identifier: Apache-2.0
"""Addresses as people say them: how often the right place is first, and how long it takes.

The demo district on a durable cluster, one half of the variants of `tests/mistakes/`, one after the
other through `geocode`. "First" counts a right place at the top of the list, "alone" one that no
wrong place equals in score. With `--addresses` the gazetteer is filled up with made-up streets,
estates and houses, and the same texts are asked again.

    python -m tests.bench.geocode [--half tuning|held-out] [--addresses 300000] [--failures]

The held-out half is for the last measurement alone.
"""

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import text

from api.demo import DISTRICT, FOLDER, load
from geo.db import Database
from geo.gazetteer.actions import install_places
from geo.gazetteer.queries import geocode
from geo.gazetteer.rules import Candidate, Street
from geo.hierarchy.rules import Building
from geo.interchange.folder import DistrictFolder, read_district_folder
from geo.reactions import REACTIONS
from tests.bench.servers import database, durable_database, settle
from tests.mistakes.grammar import Half, Variant, one_half
from tests.mistakes.names import readings

LIMIT = 5
HOUSES_A_STREET = 60
METRES_30 = 30 / 111_320
WARM_UP = 50


@dataclass(frozen=True)
class Asked:
    """What was found for a variant, and how long it took."""

    variant: Variant
    found: list[Candidate]
    took_ms: float

    @property
    def first(self) -> bool:
        return bool(self.found) and self._right(self.found[0])

    @property
    def alone(self) -> bool:
        """Right, and no wrong place has the same score."""
        best = [one for one in self.found if one.score == self.found[0].score]
        return bool(best) and all(map(self._right, best))

    @property
    def listed(self) -> bool:
        return any(map(self._right, self.found))

    def _right(self, candidate: Candidate) -> bool:
        return self.variant.is_answered_by(candidate.kind, candidate.lon, candidate.lat)


def ask(opened: Database, variants: Sequence[Variant]) -> list[Asked]:
    """Each variant once, in a transaction of its own as a request has."""
    today = datetime.now(UTC).date()
    asked = []
    for number, variant in enumerate((*variants[:WARM_UP], *variants)):
        with opened.snapshot() as session:
            session.connection()
            began = time.perf_counter()
            found = geocode(session, DISTRICT, variant.text, limit=LIMIT, on=today)
            took_ms = (time.perf_counter() - began) * 1000
        if number >= WARM_UP:
            asked.append(Asked(variant, found, took_ms))
    return asked


def fill_up(url: str, folder: DistrictFolder, addresses: int) -> None:
    """The demo's gazetteer with made-up streets, estates and houses beside its own, by COPY."""
    buildings, streets = made_up(folder, addresses - len(folder.buildings))
    patient = Database(url, reactions=REACTIONS, statement_timeout_s=1200)
    with closing(patient), patient.transaction() as session:
        # Making the rows takes longer than a transaction may idle.
        session.execute(text("set local idle_in_transaction_session_timeout = 0"))
        install_places(
            session,
            district=DISTRICT,
            at=datetime.now(UTC),
            areas=folder.areas,
            buildings=[*folder.buildings, *buildings],
            streets=[*folder.streets, *streets],
            landmarks=folder.landmarks,
            terrain=folder.terrain,
        )


def made_up(folder: DistrictFolder, count: int) -> tuple[list[Building], list[Street]]:
    """So many houses on new streets, half of them in new estates. No new name is one of the demo's,
    nor one that a mistake makes of those; the characters are the same.
    """
    rng = random.Random(1)
    characters = sorted({char for street in folder.streets for char in street.name[:2]})
    district = shapely.union_all([b.footprint for b in folder.buildings[::20]])
    west, south, east, north = district.bounds
    taken: set[str] = set()
    buildings: list[Building] = []
    streets: list[Street] = []
    while len(buildings) < count:
        stem = "".join(rng.choices(characters, k=rng.choice((2, 2, 3))))
        name, estate = stem + rng.choice(("街", "路", "街", "大街")), stem + "小区"
        if stem in taken or readings(name, 0) or readings(name, 1) or readings(name, 2):
            continue
        taken.add(stem)
        lon, lat = rng.uniform(west, east), rng.uniform(south, north)
        model = rng.choice(folder.buildings)
        along = HOUSES_A_STREET * METRES_30
        line = shapely.LineString([(lon, lat), (lon + along, lat)])
        streets.append(Street(f"M{len(streets)}", name, "lane", line))
        for number in range(1, HOUSES_A_STREET + 1):
            at = lon + number * METRES_30
            buildings.append(
                replace(
                    model,
                    id=f"M{len(buildings)}",
                    footprint=shapely.box(at, lat, at + METRES_30 / 2, lat + METRES_30 / 2),
                    street=name,
                    number=str(number),
                    name=f"{number}号楼",
                    estate=estate if len(taken) % 2 else "",
                )
            )
    return buildings[:count], streets


def tell(asked: Sequence[Asked], title: str) -> None:
    """Print the shares and the times."""
    times = [one.took_ms for one in asked]
    p50, p99 = np.percentile(times, (50, 99))
    print(f"{title}: {shares(asked)}; p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(times):.1f} ms")


def tell_kinds(asked: Sequence[Asked]) -> None:
    """Print the shares of each kind of mistake."""
    by_kind: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        for kind in one.variant.kinds:
            by_kind[kind].append(one)
    for kind, mine in sorted(by_kind.items(), key=lambda item: first_share(item[1])):
        print(f"  {kind:16} {shares(mine)}")


def first_share(asked: Sequence[Asked]) -> float:
    return sum(one.first for one in asked) / len(asked)


def shares(asked: Sequence[Asked]) -> str:
    alone = sum(one.alone for one in asked) / len(asked)
    listed = sum(one.listed for one in asked) / len(asked)
    return (
        f"{len(asked):4} texts, first {first_share(asked):6.1%}, alone {alone:6.1%},"
        f" in the list {listed:6.1%}"
    )


def tell_failures(asked: Sequence[Asked]) -> None:
    """Print what was not first, with what was."""
    for one in asked:
        if not one.first:
            right = "/".join(answer.label for answer in one.variant.answers)
            found = ", ".join(f"{c.label} {c.score:.2f} {c.match}" for c in one.found[:3])
            print(f"  {one.variant.text} → {right} [{' '.join(one.variant.kinds)}] not {found}")


def main() -> None:
    """Ask a half of the variants, and again with more addresses if wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", type=Half, choices=tuple(Half), default=Half.TUNING)
    parser.add_argument("--addresses", type=int, default=0, help="fill up to so many and ask again")
    parser.add_argument("--failures", action="store_true", help="list what was not first")
    wanted = parser.parse_args()
    variants = one_half(wanted.half)
    with durable_database() as url, tempfile.TemporaryDirectory() as place:
        load(url, Path(place), "http://127.0.0.1")
        with database(url) as opened:
            settle(opened.url)
            asked = ask(opened, variants)
            tell(asked, f"{wanted.half}, the demo")
            houses = [one for one in asked if one.variant.answers[0].building]
            print(f"  houses           {shares(houses)}")
            tell_kinds(asked)
            if wanted.failures:
                tell_failures(asked)
            if wanted.addresses:
                fill_up(url, read_district_folder(FOLDER), wanted.addresses)
                settle(opened.url)
                tell(ask(opened, variants), f"{wanted.half}, {wanted.addresses} addresses")


if __name__ == "__main__":
    main()
