# SPDX-License-Identifier: Apache-2.0
"""Which stretches of a day repeat what was walked before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from geo.patrol.doubts import Earlier
from geo.patrol.prints import Path, Replay, replays
from geo.patrol.rules import Policy


@dataclass(frozen=True)
class Beside:
    """A day that another may repeat: its path, and whether it is the same worker's."""

    on: date
    own: bool
    path: Path


def repeats(day: date, path: Path, beside: Sequence[Beside], policy: Policy) -> list[Earlier]:
    """The stretches of a day's path that repeat another day, another worker, or its own morning.

    Of two that are alike the later one is the repeated one; at the same time both are.
    """
    lasts, within = policy.replay_for.total_seconds(), policy.replay_within_m
    found = [
        Earlier(replay, other.on.isoformat(), other.own)
        for other in beside
        for replay in replays(path, other.path, lasts_s=lasts, within_m=within)
        if other.on < day or _came_first(replay)
    ]
    own = replays(path, path, lasts_s=lasts, within_m=within, same=True)
    return found + [Earlier(replay, day.isoformat(), True) for replay in own]


def _came_first(replay: Replay) -> bool:
    """Whether the other walk of the same day came first, or at the very time."""
    if replay.backwards:
        # Its instants are negative there: it ends where this one begins.
        return replay.shift_s <= 2 * replay.begins
    return replay.shift_s > -1.0
