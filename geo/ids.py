# SPDX-License-Identifier: Apache-2.0
"""Identifiers: area codes that nest by prefix, and the UUIDs of everything else.

An area code starts with its parent's code; its length is its level (field standard: six digits for
the district, then three more for each level down to the 15-digit cell; the three-digit building
group suffix is our own).
"""

from enum import StrEnum
from typing import NewType
from uuid import UUID

from geo.errors import Invalid

DistrictCode = NewType("DistrictCode", str)
AreaCode = NewType("AreaCode", str)
CellCode = NewType("CellCode", str)

AccountId = NewType("AccountId", UUID)
DeviceId = NewType("DeviceId", UUID)
PlanId = NewType("PlanId", UUID)
WorkerId = NewType("WorkerId", UUID)
AssignmentId = NewType("AssignmentId", UUID)
CheckpointId = NewType("CheckpointId", UUID)
CheckInId = NewType("CheckInId", UUID)
WorkLogId = NewType("WorkLogId", UUID)
IncidentId = NewType("IncidentId", UUID)
LinkupId = NewType("LinkupId", UUID)
DepartmentId = NewType("DepartmentId", UUID)
MessageId = NewType("MessageId", UUID)
CallId = NewType("CallId", UUID)


class Level(StrEnum):
    """The five levels of the grid system, from the widest down."""

    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"
    CELL = "cell"
    BUILDING_GROUP = "building_group"


CODE_LENGTH = {
    Level.DISTRICT: 6,
    Level.SUBDISTRICT: 9,
    Level.COMMUNITY: 12,
    Level.CELL: 15,
    Level.BUILDING_GROUP: 18,
}
_LEVEL_OF_LENGTH = {length: level for level, length in CODE_LENGTH.items()}


class CodeMalformed(Invalid):
    """Not an area code: 6, 9, 12, 15 or 18 ASCII digits."""

    code = "area.code_malformed"

    def __init__(self, *, area: str) -> None:
        super().__init__(area=area[:40])


def area_code(text: str) -> AreaCode:
    """Read an area code. Raises: CodeMalformed."""
    if len(text) not in _LEVEL_OF_LENGTH or not (text.isascii() and text.isdigit()):
        raise CodeMalformed(area=text)
    return AreaCode(text)


def level_of(code: str) -> Level:
    """The level an area code belongs to, by its length. Raises: CodeMalformed."""
    return _LEVEL_OF_LENGTH[len(area_code(code))]


def parent_of(code: AreaCode) -> AreaCode | None:
    """The code of the area one level up; None for a district."""
    return AreaCode(code[:-3]) if len(code) > CODE_LENGTH[Level.DISTRICT] else None


def district_of(code: str) -> DistrictCode:
    """The district an area code lies in: its first six digits."""
    return DistrictCode(code[: CODE_LENGTH[Level.DISTRICT]])


def contains(outer: str, inner: str) -> bool:
    """Whether the area `inner` is `outer` or lies in it. Nesting is a prefix, always."""
    return inner.startswith(outer)
