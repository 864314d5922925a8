# SPDX-License-Identifier: Apache-2.0
"""The demo: Xihu with made-up people, accounts with random passwords, phones for the simulation.

It only ever goes into a database without a district, or on in a district that it made itself.
"""

import json
import os
import secrets
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy.orm import Session

from api.code import CHECKOUT
from geo.accounts.actions import change_password, create_account, pair_devices
from geo.accounts.queries import accounts
from geo.accounts.rules import Role
from geo.clock import SystemClock, civil_day
from geo.columns import Origin
from geo.crs import geometry_to_metres, metric_srid
from geo.db import Database
from geo.gazetteer.actions import install_places
from geo.hierarchy.actions import install_district
from geo.hierarchy.queries import districts
from geo.hierarchy.rules import Area
from geo.ids import CellCode, DepartmentId, DistrictCode, Level, WorkerId
from geo.incidents.departments import Department
from geo.incidents.transferring import install_departments
from geo.interchange.folder import DistrictFolder, read_district_folder
from geo.patrol.actions import install_checkpoints, install_policy
from geo.reactions import REACTIONS
from geo.settings import Settings
from geo.sim.telephone import of_holder
from geo.workforce.actions import install_workers
from geo.workforce.queries import workers
from geo.workforce.rules import AssignmentRole, Held, NewWorker, Worker

FOLDER = CHECKOUT / "data" / "shapefiles"
DISTRICT = DistrictCode("210503")
FIRST_PLAN_FROM = date(2020, 1, 1)
TIME_ZONE = "Asia/Shanghai"
# 彩虹社区, the community of the newspaper article: the demo worker holds a cell of it.
DEMO_COMMUNITY = "210503009010"
# Whom a linkup of that community climbs to when no worker accepts.
_LADDER = {"community": DEMO_COMMUNITY, "subdistrict": DEMO_COMMUNITY[:9]}
WIDEST_DEMO_CELL_M = 400.0
SIMULATION = "simulation"
_ACCOUNT_NAMES = {
    Role.ADMIN: "系统管理员",
    Role.DISPATCHER: "值班员",
    Role.PLANNER: "规划员",
    Role.SUPERVISOR: "督查员",
    Role.WORKER: "网格员",
    Role.VIEWER: "观摩",
}

# Offices that incidents are handed to; the first is the one of the newspaper article.
_OFFICES = (
    "住建局环卫处",
    "城管执法局",
    "供电公司",
    "供水公司",
    "燃气公司",
    "消防救援大队",
    "公安分局",
    "卫生健康局",
    "应急管理局",
)
_PEOPLE = UUID("b7f5a2c4-6d1e-5f3a-9c80-210503000000")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉梅建国志红丹萍鑫鹏宇欣怡佳慧婷雪琳晨浩博文"
)


def worker_id(cell: str) -> WorkerId:
    """The demo's holder of a cell: the same in every installation."""
    return WorkerId(uuid5(_PEOPLE, cell))


def worker_name(cell: str) -> str:
    """A made-up name, the same in every installation."""
    number = worker_id(cell).int
    surname = _SURNAMES[number % len(_SURNAMES)]
    first = _GIVEN[(number >> 16) % len(_GIVEN)]
    second = _GIVEN[(number >> 32) % len(_GIVEN)]
    return surname + first + ("" if (number >> 48) % 4 == 0 else second)


def load(url: str, home: Path, address: str) -> bool:
    """Bring the demo in, or go on with it; write who may sign in to HOME/demo.json (mode 0600).

    Answers whether this installation carries the demo: not when its districts are somebody's own.
    """
    settings = Settings(home=home)
    database = Database(url, reactions=REACTIONS, statement_timeout_s=120)
    now = SystemClock().now()
    try:
        with database.snapshot() as session:
            there = districts(session)
        if not there:
            with database.transaction() as session:
                _bring_in(session, read_district_folder(FOLDER), now)
        elif not any(district.code == DISTRICT and district.demo for district in there):
            return False
        with database.transaction() as session:
            install_departments(session, _departments(), at=now, origin=Origin.SIMULATED)
        _hand_out(database, settings, address, now, fresh=not there)
    finally:
        database.close()
    return True


def demo_cell(cells: list[Area]) -> Area:
    """The cell of the demo worker: in 彩虹社区, less than 400 m wide, the narrowest such."""

    def width(cell: Area) -> float:
        assert cell.boundary is not None
        shape = geometry_to_metres(cell.boundary, metric_srid(cell.boundary.centroid.x))
        west, south, east, north = shape.bounds
        return float(max(east - west, north - south))

    urban = [cell for cell in cells if cell.code.startswith(DEMO_COMMUNITY)]
    chosen = min(urban, key=width)
    if width(chosen) >= WIDEST_DEMO_CELL_M:
        raise ValueError(f"no cell of {DEMO_COMMUNITY} is under {WIDEST_DEMO_CELL_M} m wide")
    return chosen


def _bring_in(session: Session, folder: DistrictFolder, now: datetime) -> None:
    since, _ = civil_day(FIRST_PLAN_FROM, TIME_ZONE)
    install_district(
        session,
        areas=folder.areas,
        buildings=folder.buildings,
        in_force_from=FIRST_PLAN_FROM,
        at=now,
        plan_name="溪湖区首版网格方案",
        time_zone=TIME_ZONE,
        demo=True,
        origin=Origin.SIMULATED,
    )
    install_places(
        session,
        district=DISTRICT,
        at=now,
        origin=Origin.SIMULATED,
        areas=folder.areas,
        buildings=folder.buildings,
        streets=folder.streets,
        landmarks=folder.landmarks,
        terrain=folder.terrain,
    )
    install_policy(session, district=DISTRICT, since=since)
    install_checkpoints(
        session,
        district=DISTRICT,
        checkpoints=folder.checkpoints,
        at=since,
        origin=Origin.SIMULATED,
    )
    cells = [area for area in folder.areas if area.level is Level.CELL]
    shown = demo_cell(cells)
    for some, origin in (
        ([cell for cell in cells if cell is not shown], Origin.SIMULATED),
        ([shown], Origin.REAL),
    ):
        install_workers(
            session,
            district=DISTRICT,
            workers=[_holder(cell, on_duty=cell is shown) for cell in some],
            assigned_since=since,
            on_duty_since=now,
            at=now,
            origin=origin,
        )


def _holder(cell: Area, *, on_duty: bool) -> NewWorker:
    return NewWorker(
        id=worker_id(cell.code),
        name=worker_name(cell.code),
        phone=of_holder(cell.code),
        cells=(Held(CellCode(cell.code), AssignmentRole.HOLDER),),
        on_duty=on_duty,
    )


def _departments() -> list[Department]:
    return [
        Department(district=DISTRICT, id=DepartmentId(uuid5(_PEOPLE, name)), name=name)
        for name in _OFFICES
    ]


def _hand_out(
    database: Database, settings: Settings, address: str, now: datetime, *, fresh: bool
) -> None:
    """Write both files of secrets; what is missing, or of an earlier database, is issued anew."""
    demo = {} if fresh else _read(settings.demo_file)
    simulation = {} if fresh else _read(settings.simulation_file)
    with database.transaction() as session:
        holders = workers(session, DISTRICT, areas=(DISTRICT,), at=now)
        shown = next(worker.id for worker in holders if worker.origin is Origin.REAL)
        given = demo.get("accounts", {})
        if not given:
            given = _issue_accounts(session, shown, now)
        if not simulation.get("phones"):
            simulation = _issue_phones(
                session, [worker for worker in holders if worker.id != shown], now
            )
    _write(settings.demo_file, {"url": address, "accounts": given})
    _write(settings.simulation_file, {**simulation, "url": address, "district": DISTRICT})


def _issue_accounts(session: Session, shown: WorkerId, now: datetime) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for role in Role:
        worker = shown if role is Role.WORKER else None
        given[role.value] = _issue(session, f"demo-{role.value}", role, worker, now, Origin.REAL)
        if worker is not None:
            given[role.value]["worker"] = str(worker)
    for level, scope in _LADDER.items():
        given[level] = _issue(
            session, f"demo-{level}", Role.SUPERVISOR, None, now, Origin.REAL, scope=scope
        )
    return given


def _issue(
    session: Session,
    username: str,
    role: Role,
    worker: WorkerId | None,
    now: datetime,
    origin: Origin,
    *,
    scope: str = DISTRICT,
) -> dict[str, str]:
    """An account with a new random password, made or renewed."""
    password = secrets.token_urlsafe(15)
    known = {name for _, name, _ in accounts(session, DISTRICT)}
    if username in known:
        change_password(session, username=username, password=password, at=now)
    else:
        create_account(
            session,
            district=DISTRICT,
            username=username,
            password=password,
            role=role,
            name=_ACCOUNT_NAMES[role],
            scope=None if worker else scope,
            worker=worker,
            at=now,
            origin=origin,
        )
    return {"username": username, "password": password}


def _issue_phones(session: Session, holders: list[Worker], now: datetime) -> dict[str, Any]:
    """Pair a phone with every simulated worker, and make the dispatcher who plays with them."""
    tokens = pair_devices(
        session,
        district=DISTRICT,
        workers=[worker.id for worker in holders],
        name=SIMULATION,
        profile={"system": "wgs84", "app": "android"},
        at=now,
        origin=Origin.SIMULATED,
    )
    phones = [
        {
            "worker": str(worker.id),
            "name": worker.name,
            "cell": worker.cells[0].cell,
            "token": tokens[worker.id],
        }
        for worker in holders
    ]
    role = Role.DISPATCHER
    account = _issue(session, SIMULATION, role, None, now, Origin.SIMULATED)
    return {"phones": phones, "dispatcher": account}


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        # Lost or half a file from elsewhere: the secrets are issued anew.
        return {}
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace a file of secrets as a whole; nobody else may read it at any moment."""
    fresh = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    fresh.replace(path)
