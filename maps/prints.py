# SPDX-License-Identifier: Apache-2.0
"""Sheets of codes for doors: A4, black on white, six to a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from maps.page import page_data, render
from maps.qr import qr_code


@dataclass(frozen=True)
class DoorPrint:
    """What hangs at a door. `number` tells the newest print from those it replaced."""

    name: str
    cell: str
    code: str
    number: int
    token: str
    checkpoint: str

    @property
    def qr(self) -> Markup:
        """Its QR code."""
        return Markup(qr_code(self.token))  # noqa: S704


@dataclass(frozen=True)
class BareDoor:
    """A checkpoint for whose door no code was issued yet."""

    name: str
    cell: str
    checkpoint: str


def prints_page(
    district: str, prints: Sequence[DoorPrint], *, bare: Sequence[BareDoor], data: dict[str, Any]
) -> str:
    """The page, with a placeholder for its nonce; `data` are addresses for its script."""
    said = page_data(data)
    return render("prints.html", district=district, prints=prints, bare=bare, data=said)
