# SPDX-License-Identifier: Apache-2.0
"""Check-in policies as a district sets them: which values make sense, and from when each holds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from geo.errors import Invalid
from geo.patrol.rules import Policy

# Least and most of each field; durations in seconds. Beyond them a policy is a slip of the pen.
LIMITS: dict[str, tuple[float, float]] = {
    "inside_from": (0.5, 1.0),
    "outside_up_to": (0.0, 0.5),
    "accuracy_factor": (1.0, 3.0),
    "least_radius_m": (0.5, 50.0),
    "most_radius_m": (10.0, 2000.0),
    "late_after": (3600.0, 30 * 86400.0),
    "offline_after": (60.0, 86400.0),
    "fastest_mps": (2.0, 100.0),
    "hardest_mps2": (0.5, 20.0),
    "apart_from_m": (5.0, 1000.0),
    "still_for": (60.0, 86400.0),
    "still_fixes": (3, 1000),
    "still_visits": (2, 100),
    "standing_checkpoints": (2, 100),
    "replay_for": (60.0, 86400.0),
    "replay_within_m": (0.1, 50.0),
    "doubt_reach": (60.0, 86400.0),
    "proof_reach_m": (30.0, 1000.0),
}


class PolicyInvalid(Invalid):
    """A policy names a field that there is not, or a value that makes no sense for it."""

    code = "policy.invalid"


@dataclass(frozen=True)
class PolicyVersion:
    """A policy and the half-open time in which it holds; `ends_at` None while it lasts."""

    policy: Policy
    begins_at: datetime | None
    ends_at: datetime | None


def changed(policy: Policy, said: Mapping[str, str]) -> Policy:
    """The policy with some fields as they are said; numbers as text, durations in seconds.

    Raises: PolicyInvalid.
    """
    numbers = said_numbers(said, LIMITS, Policy())
    values: dict[str, Any] = {
        name: timedelta(seconds=number) if isinstance(getattr(policy, name), timedelta) else number
        for name, number in numbers.items()
    }
    made = replace(policy, **values)
    if made.least_radius_m >= made.most_radius_m:
        raise PolicyInvalid(
            field="least_radius_m",
            value=f"{made.least_radius_m:g}",
            allowed=f"< most_radius_m ({made.most_radius_m:g})",
        )
    return made


def said_numbers(
    said: Mapping[str, str], limits: Mapping[str, tuple[float, float]], defaults: object
) -> dict[str, Any]:
    """Numbers said as text for the fields of a policy, whole ones where `defaults` has such.

    Raises: PolicyInvalid.
    """
    numbers: dict[str, Any] = {}
    for name, text in said.items():
        if name not in limits:
            raise PolicyInvalid(field=name, value=text, allowed=", ".join(limits))
        least, most = limits[name]
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        whole = isinstance(getattr(defaults, name), int)
        if not least <= number <= most or (whole and number != int(number)):
            raise PolicyInvalid(field=name, value=text, allowed=f"{least:g} … {most:g}")
        numbers[name] = int(number) if whole else number
    return numbers
