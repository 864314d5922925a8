# SPDX-License-Identifier: Apache-2.0
"""A town that a reader knows by heart: 3 x 3 cells of 100 m, in 3 communities of 2 subdistricts.

Metres are counted from the south-west corner: `point(50, 250)` is the middle of the north-west
cell. The top row is community 北社区, the middle row 中社区 (both of 上街道), the bottom row 南社区
of 下街道. Cells are numbered west to east in each row.

      0    100   200   300 m east
  300 +-----+-----+-----+
      | N1  | N2  | N3  |   210503101001 001..003
  200 +-----+-----+-----+
      | M1  | M2  | M3  |   210503101002 001..003
  100 +-----+-----+-----+
      | S1  | S2  | S3  |   210503102001 001..003
    0 +-----+-----+-----+

Each cell has one holder, named by the cell: `WORKERS["N1"]` is 王芳. All are on duty since 07:30,
but for 陈晨 of S3, who is off duty. In the middle of each cell stands a checkpoint with a radius of
30 m, `CHECKPOINTS["N1"]`. A street runs along the middle of each row and a lane along that of each
column, so that on foot everything is as far as by rows and columns.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import shapely
from shapely.geometry.base import BaseGeometry

from geo.accounts.rules import Actor, Role
from geo.crs import degrees, geometry_to_degrees, on_grid
from geo.gazetteer.rules import Landmark, Street, Terrain, TerrainKind
from geo.hierarchy.rules import Area, Building
from geo.ids import AreaCode, CellCode, CheckpointId, DistrictCode, WorkerId, level_of, parent_of
from geo.patrol.rules import CheckpointSite
from geo.units import Metres
from geo.workforce.rules import AssignmentRole, Held, NewWorker

DISTRICT = DistrictCode("210503")
SRID = 4550
# Somewhere in Benxi, on whole metres of EPSG:4550.
_EAST, _NORTH = 564_000.0, 4_575_000.0

ROWS = {"N": ("210503101001", 200), "M": ("210503101002", 100), "S": ("210503102001", 0)}
CELLS = {
    f"{row}{column}": CellCode(f"{community}{column:03d}")
    for row, (community, _) in ROWS.items()
    for column in (1, 2, 3)
}
N1, N2, N3 = CELLS["N1"], CELLS["N2"], CELLS["N3"]
M1, M2, M3 = CELLS["M1"], CELLS["M2"], CELLS["M3"]
S1, S2, S3 = CELLS["S1"], CELLS["S2"], CELLS["S3"]

NAMES = {
    "210503": "小城区",
    "210503101": "上街道",
    "210503102": "下街道",
    "210503101001": "北社区",
    "210503101002": "中社区",
    "210503102001": "南社区",
}
IN_FORCE_FROM = date(2020, 1, 1)
# A Monday morning in town: 08:00 in Shanghai.
MORNING = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
DUTY_SINCE = MORNING - timedelta(minutes=30)
ASSIGNED_SINCE = datetime(2020, 1, 1, tzinfo=UTC)

WORKER_NAMES = {
    "N1": "王芳",
    "N2": "李伟",
    "N3": "张敏",
    "M1": "刘洋",
    "M2": "赵静",
    "M3": "孙强",
    "S1": "周丽",
    "S2": "吴军",
    "S3": "陈晨",
}
WORKERS = {
    name: WorkerId(UUID(f"00000000-0000-4000-8000-0000000000{number:02d}"))
    for number, name in enumerate(WORKER_NAMES, start=1)
}
OFF_DUTY = "S3"
CHECKPOINTS = {
    name: CheckpointId(UUID(f"00000000-0000-4000-8000-0000000001{number:02d}"))
    for number, name in enumerate(CELLS, start=1)
}
CHECKPOINT_RADIUS = Metres(30)


def point(east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of a place counted in metres from the south-west corner."""
    lon, lat = degrees(_EAST + east_m, _NORTH + north_m, SRID)
    return round(lon, 7), round(lat, 7)


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A rectangle in metres of the town, as WGS-84 degrees."""
    shape = shapely.box(_EAST + west, _NORTH + south, _EAST + east, _NORTH + north)
    return on_grid(geometry_to_degrees(shape, SRID))


def areas() -> list[Area]:
    """Every area of the town with its boundary."""
    cells = {
        code: box((int(code[-3:]) - 1) * 100, south, int(code[-3:]) * 100, south + 100)
        for community, south in ROWS.values()
        for code in (f"{community}{column:03d}" for column in (1, 2, 3))
    }
    shapes = dict(cells)
    for code in NAMES:
        shapes[code] = shapely.union_all(
            [cell for cell_code, cell in cells.items() if cell_code.startswith(code)]
        )
    shapes.update({building.group: building.footprint for building in buildings()})
    names = {**NAMES, **{code: f"第{int(code[-3:])}网格" for code in cells}}
    return [
        Area(
            code=AreaCode(code),
            name=names.get(code, "第1楼栋组"),
            level=level_of(code),
            parent=parent_of(AreaCode(code)),
            households=0,
            aliases=("北边",) if code == "210503101001" else (),
            boundary=shape,
        )
        for code, shape in sorted(shapes.items())
    ]


def buildings() -> list[Building]:
    """One building of 40 by 12 m in each cell, 10 households; the top row stands on 彩虹街."""
    streets = {"N": "彩虹街", "M": "长安路", "S": "建设大道"}
    made = []
    for name, cell in CELLS.items():
        west, south = (int(name[1]) - 1) * 100 + 30, ROWS[name[0]][1] + 60
        number = {"N": 10, "M": 20, "S": 119}[name[0]] + int(name[1]) - 1
        made.append(
            Building(
                id=f"{cell}0001",
                name=f"{number}号楼",
                street=streets[name[0]],
                number=str(number),
                estate="彩虹小区" if name[0] == "N" else "",
                units=3,
                floors=6,
                households=10,
                kind="residential",
                cell=AreaCode(cell),
                group=AreaCode(f"{cell}001"),
                footprint=box(west, south, west + 40, south + 12),
            )
        )
    return made


def workers() -> list[NewWorker]:
    """One holder for each cell; all but one to begin duty at once."""
    return [
        NewWorker(
            id=WORKERS[name],
            name=said,
            phone=f"138000000{WORKERS[name].hex[-2:]}",
            cells=(Held(CELLS[name], AssignmentRole.HOLDER),),
            on_duty=name != OFF_DUTY,
        )
        for name, said in WORKER_NAMES.items()
    ]


def checkpoints() -> list[CheckpointSite]:
    """One in the middle of each cell, with a radius of 30 m."""
    made = []
    for name, cell in CELLS.items():
        lon, lat = point(int(name[1]) * 100 - 50, ROWS[name[0]][1] + 50)
        site = CheckpointSite(
            CHECKPOINTS[name], cell, f"{name}-1", "凉亭", lon, lat, CHECKPOINT_RADIUS
        )
        made.append(site)
    return made


def streets() -> list[Street]:
    """彩虹街, 长安路, 建设大道 from west to east, a row each; 南北路 and lanes across them."""
    rows = {"彩虹街": 250, "长安路": 150, "建设大道": 50}
    return [
        *(
            Street(f"S{north}", name, "main", _line((0, north), (300, north)))
            for name, north in rows.items()
        ),
        # Two stretches, as noded streets come.
        Street("S1", "南北路", "secondary", _line((100, 0), (100, 150))),
        Street("S2", "南北路", "secondary", _line((100, 150), (100, 300))),
        *(Street(f"L{east}", "", "lane", _line((east, 0), (east, 300))) for east in (50, 150, 250)),
    ]


def landmarks() -> list[Landmark]:
    """A park in the middle of M2."""
    lon, lat = point(150, 130)
    return [Landmark("L1", "彩虹公园", "park", ("儿童公园",), M2, lon, lat)]


def terrain() -> list[Terrain]:
    """A river along the southern edge."""
    return [Terrain(TerrainKind.WATER, "小河", "river", box(0, -20, 300, -5))]


def _line(*spots: tuple[float, float]) -> BaseGeometry:
    return shapely.LineString([point(east, north) for east, north in spots])


def actor(role: Role, *, scope: str | None = None, worker: WorkerId | None = None) -> Actor:
    """Somebody who acts without signing in: in the whole district unless a scope is said."""
    name = next((name for name, id in WORKERS.items() if id == worker), None)
    return Actor(
        id=uuid4(),
        district=DISTRICT,
        name="某人" if name is None else WORKER_NAMES[name],
        role=role,
        scope=None if role is Role.WORKER else scope or DISTRICT,
        worker=worker,
        cells=frozenset() if name is None else frozenset({CELLS[name]}),
    )
