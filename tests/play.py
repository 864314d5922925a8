# SPDX-License-Identifier: Apache-2.0
"""The town as a stage: checkpoints, paired phones and a duty officer for a simulated day."""

from typing import Any

import shapely
from fastapi.testclient import TestClient

from api.play.cast import Cast, cast_of
from geo.accounts.actions import create_account, pair_devices
from geo.accounts.rules import Role
from geo.clock import Clock
from geo.columns import Origin
from geo.db import Database
from geo.sim.town import House, Mark, Town, town_of
from tests import town
from tests.conftest import PASSWORD

Spots = dict[str, list[dict[str, Any]]]


def playground(spots: Spots) -> Town:
    """The town as the simulation knows it."""
    houses = [
        (
            House(
                building.street, building.number, building.estate, building.units,
                building.floors, building.kind, building.cell, 0.0, 0.0,
            ),
            building.footprint,
        )
        for building in town.buildings()
    ]  # fmt: skip
    return town_of(
        cells={
            area.code: area.boundary for area in town.areas() if area.code in town.CELLS.values()
        },
        streets=[street.line for street in town.streets()],
        spots={
            cell: [(one["id"], one["name"], shapely.Point(one["lon"], one["lat"])) for one in made]
            for cell, made in spots.items()
        },
        houses=houses,
        marks=[
            (Mark(mark.name, mark.kind, mark.cell, 0.0, 0.0), shapely.Point(mark.lon, mark.lat))
            for mark in town.landmarks()
        ],
        names=town.NAMES,
    )


def set_spots(client: TestClient, admin: dict[str, str]) -> Spots:
    """Three checkpoints in every cell, well inside it."""
    spots: Spots = {}
    for name, cell in town.CELLS.items():
        west, south = (int(name[1]) - 1) * 100, town.ROWS[name[0]][1]
        for number, (east, north) in enumerate([(30, 42), (50, 58), (70, 44)], start=1):
            lon, lat = town.point(west + east, south + north)
            body = {
                "cell": cell,
                "name": f"{name} 点位{number}",
                "point": {"lon": lon, "lat": lat},
                "radius_m": 30,
            }
            made = client.post("/api/v1/checkpoints", json=body, headers=admin)
            assert made.status_code == 201, made.text
            spot = {"id": made.json()["id"], "name": body["name"], "lon": lon, "lat": lat}
            spots.setdefault(cell, []).append(spot)
    return spots


def cast_roles(database: Database, clock: Clock) -> Cast:
    """A phone for every worker of the town, and a duty officer, as the demo makes them."""
    with database.transaction() as session:
        tokens = pair_devices(
            session,
            district=town.DISTRICT,
            workers=list(town.WORKERS.values()),
            name="simulation",
            profile={},
            at=clock.now(),
            origin=Origin.SIMULATED,
        )
        create_account(
            session,
            district=town.DISTRICT,
            username="simulation",
            password=PASSWORD,
            role=Role.DISPATCHER,
            name="值班员",
            scope=town.DISTRICT,
            at=clock.now(),
            origin=Origin.SIMULATED,
        )
    phones = [
        {"worker": str(id), "name": name, "cell": town.CELLS[name], "token": tokens[id]}
        for name, id in town.WORKERS.items()
    ]
    return cast_of(
        {
            "url": "http://127.0.0.1",
            "district": town.DISTRICT,
            "phones": phones,
            "dispatcher": {"username": "simulation", "password": PASSWORD},
        }
    )
