# SPDX-License-Identifier: Apache-2.0
"""Sheets of codes for doors: A4, black on white, six to a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from maps.page import render
from maps.qr import qr_code


@dataclass(frozen=True)
class DoorPrint:
    """What hangs at a door. `number` tells the newest print from those it replaced."""

    name: str
    cell: str
    code: str
    number: int
    token: str

    @property
    def qr(self) -> Markup:
        """Its QR code."""
        return Markup(qr_code(self.token))  # noqa: S704


def prints_page(district: str, prints: Sequence[DoorPrint], *, without: int) -> str:
    """The page, with a placeholder for its nonce; `without` counts doors that have no code yet."""
    return render("prints.html", district=district, prints=prints, without=without)
