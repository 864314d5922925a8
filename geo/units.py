# SPDX-License-Identifier: Apache-2.0
"""Quantities that carry their unit in their type."""

from typing import NewType

Metres = NewType("Metres", float)
SquareMetres = NewType("SquareMetres", float)
Degrees = NewType("Degrees", float)
Seconds = NewType("Seconds", float)
MetresPerSecond = NewType("MetresPerSecond", float)
