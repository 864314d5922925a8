# SPDX-License-Identifier: Apache-2.0
"""The district as layers: degrees on the 1e-7 grid and the attributes of the shapefiles."""

import shapely
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geo.sim.district.build import District
from geo.sim.district.coverage import union
from geo.sim.district.names import (
    DISTRICT_CODE,
    DISTRICT_NAME,
    SUBDISTRICTS,
    chinese_number,
    communities,
)
from geo.sim.district.plane import GRID_DEG, settled, to_degrees
from geo.sim.district.write import Layer, Rows


def layers(d: District) -> list[Layer]:
    """All layers in the order in which they depend on each other."""
    return [*_areas(d), *_groups_and_buildings(d), _streets(d), *_ground(d), *_points(d)]


def _areas(d: District) -> list[Layer]:
    names = {c.code: c for c in communities()}
    homes = [sum(d.houses[i].at.households for i in c.houses) for c in d.cells]
    cell_rows: Rows = [
        {
            "code": c.code,
            "name": f"{names[c.community].name}第{chinese_number(int(c.code[12:]))}网格",
            "parent": c.community,
            "households": n,
        }
        for c, n in zip(d.cells, homes, strict=True)
    ]
    community_rows: Rows = [
        {
            "code": c.code, "name": c.name, "parent": c.subdistrict, "aliases": c.aliases,
            "stat_name": c.stat_name, "stat_code": c.code,
        }
        for c in communities()
    ]  # fmt: skip
    sub_rows: Rows = [
        {"code": code, "name": name, "parent": DISTRICT_CODE,
         "aliases": name.removesuffix("街道")}
        for code, name in SUBDISTRICTS.items()
    ]  # fmt: skip
    whole: Rows = [{"code": DISTRICT_CODE, "name": DISTRICT_NAME, "aliases": "溪湖;本溪市溪湖区"}]

    def under(code: str) -> BaseGeometry:
        return union([c.degrees for c in d.cells if c.code.startswith(code)])

    return [
        Layer("district", "Polygon", [under(DISTRICT_CODE)], whole),
        Layer("subdistricts", "Polygon", [under(c) for c in SUBDISTRICTS], sub_rows),
        Layer("communities", "Polygon", [under(c.code) for c in communities()], community_rows),
        Layer("cells", "Polygon", [c.degrees for c in d.cells], cell_rows),
    ]


def _groups_and_buildings(d: District) -> list[Layer]:
    group_rows: Rows = []
    shapes: list[BaseGeometry] = []
    rows: Rows = []
    feet: list[BaseGeometry] = []
    for cell in d.cells:
        serial = 0
        for n, (members, outline) in enumerate(cell.groups, start=1):
            code = f"{cell.code}{n:03d}"
            homes = sum(d.houses[i].at.households for i in members)
            group_rows.append(
                {"code": code, "name": f"第{n}楼栋组", "parent": cell.code, "households": homes}
            )
            shapes.append(_area(outline))
            for i in members:
                serial += 1
                house = d.houses[i]
                rows.append(
                    {
                        "id": f"{cell.code}{serial:04d}", "group": code, "cell": cell.code,
                        "street": house.street, "number": house.number, "name": house.name,
                        "estate": house.at.estate, "units": house.at.units,
                        "floors": house.at.floors, "households": house.at.households,
                        "kind": house.at.kind,
                    }
                )  # fmt: skip
                feet.append(_area(house.at.shape))
    return [
        Layer("bldggroups", "Polygon", shapes, group_rows),
        Layer("buildings", "Polygon", feet, rows),
    ]


def _area(shape: BaseGeometry) -> BaseGeometry:
    """A plane area in degrees, valid on the grid."""
    flat = settled(to_degrees(shape))
    if not flat.is_valid:
        flat = settled(shapely.set_precision(to_degrees(shape), GRID_DEG))
    return shapely.normalize(flat)


def _streets(d: District) -> Layer:
    rows: Rows = []
    lines: list[BaseGeometry] = []
    for i, edge in enumerate(d.network.edges, start=1):
        street = d.network.streets[edge.street]
        line: LineString = to_degrees(edge.line)
        lines.append(line)
        rows.append({"id": f"S{i:05d}", "name": street.name, "class": street.grade})
    return Layer("streets", "LineString", lines, rows)


def _ground(d: District) -> list[Layer]:
    waters: Rows = [{"name": n, "kind": k} for n, k, _ in d.waters]
    rails: Rows = [
        {"name": n, "kind": "railway" if "铁路" in n else "siding"} for n, _ in d.railways
    ]
    greens: Rows = [{"name": n, "kind": k} for n, k, _ in d.greens]
    return [
        Layer("waters", "Polygon", [_area(g) for _, _, g in d.waters], waters),
        Layer("railways", "LineString", [to_degrees(g) for _, g in d.railways], rails),
        Layer("green", "Polygon", [_area(g) for _, _, g in d.greens], greens),
    ]


def _points(d: District) -> list[Layer]:
    marks: Rows = [
        {"id": f"L{i:04d}", "name": m.name, "kind": m.kind, "aliases": m.aliases,
         "cell": d.cells[m.cell].code}
        for i, m in enumerate(d.landmarks, start=1)
    ]  # fmt: skip
    spots: Rows = [
        {"id": c.id, "cell": d.cells[c.cell].code, "name": c.name, "radius_m": c.radius_m}
        for c in d.checkpoints
    ]
    return [
        Layer("landmarks", "Point", [to_degrees(m.spot) for m in d.landmarks], marks),
        Layer("checkpoints", "Point", [to_degrees(c.spot) for c in d.checkpoints], spots),
    ]
