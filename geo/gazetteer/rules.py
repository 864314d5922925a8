# SPDX-License-Identifier: Apache-2.0
"""Places, and the parser of the addresses people say."""

from enum import StrEnum


class PlaceKind(StrEnum):
    """What a found place is."""

    BUILDING = "building"
    STREET = "street"
    ESTATE = "estate"
    LANDMARK = "landmark"
    AREA = "area"


class TerrainKind(StrEnum):
    """What a piece of terrain is."""

    WATER = "water"
    GREEN = "green"
    RAILWAY = "railway"
