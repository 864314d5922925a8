# SPDX-License-Identifier: Apache-2.0
"""What one division has that another has not, as bytes to be kept.

A draft is stored by its outcomes, not by repeating its edits: however the rules of an edit change
later, what was drawn stays as it was drawn.
"""

import zlib
from typing import Any

import orjson
import shapely

from geo.plans.layers import differing
from geo.plans.rules import Cell, Division, Group, Upper


def difference(before: Division, after: Division) -> bytes:
    """The areas of `after` that `before` lacks or has otherwise, and the codes that are gone."""
    exchanged = sorted(differing(before.cells, after.cells))
    cells: dict[str, Any] = {
        code: _cell_fields(cell)
        for code in exchanged
        if (cell := after.cells.get(code)) is not None and before.cells.get(code) != cell
    }
    uppers: dict[str, Any] = {
        code: [upper.name, upper.aliases, upper.came_from, upper.islands]
        for code, upper in after.uppers.items()
        if before.uppers.get(code) != upper
    }
    body = {
        "cells": cells | dict.fromkeys(code for code in exchanged if code not in after.cells),
        "uppers": uppers | dict.fromkeys(before.uppers.keys() - after.uppers.keys()),
        "issued": dict(after.issued),
    }
    return zlib.compress(orjson.dumps(body), level=6)


def applied(before: Division, delta: bytes) -> Division:
    """The division that `difference(before, ...)` was made from."""
    body = orjson.loads(zlib.decompress(delta))
    division = before.with_cells(
        changed=[_cell(code, said) for code, said in body["cells"].items() if said],
        removed=[code for code, said in body["cells"].items() if said is None],
    ).with_uppers(
        changed=[
            Upper(code, said[0], tuple(said[1]), tuple(said[2]), said[3])
            for code, said in body["uppers"].items()
            if said
        ],
        removed=[code for code, said in body["uppers"].items() if said is None],
    )
    return division.with_issued(body["issued"])


def _cell_fields(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "aliases": cell.aliases,
        "came_from": cell.came_from,
        "locked": cell.locked,
        "shape": shapely.to_wkb(cell.shape, hex=True),
        "groups": [[g.code, g.name, g.buildings, g.came_from] for g in cell.groups],
    }


def _cell(code: str, said: dict[str, Any]) -> Cell:
    return Cell(
        code=code,
        name=said["name"],
        shape=shapely.from_wkb(said["shape"]),
        groups=tuple(Group(c, n, tuple(b), tuple(f)) for c, n, b, f in said["groups"]),
        aliases=tuple(said["aliases"]),
        came_from=tuple(said["came_from"]),
        locked=said["locked"],
    )
