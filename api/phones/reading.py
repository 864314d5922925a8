# SPDX-License-Identifier: Apache-2.0
"""What the phones' protocols have in common: numbers, instants, and a fix as an app states it."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from geo.accounts.rules import DeviceProfile
from geo.accuracy import accuracy_of_hdop
from geo.crs import Fix
from geo.units import Metres

# Why what came cannot become a fix.
MALFORMED = "fix.malformed"
NO_PLACE = "fix.no_place"
NOT_VALID = "fix.not_valid"

METRES_A_SECOND = {"knots": 1852 / 3600, "kmh": 1000 / 3600, "mps": 1.0}
"""What one of each unit of speed is (a nautical mile is 1,852 m by definition)."""

# Neither protocol demands an accuracy. Without one a fix may be shown, and decides nothing near a
# border: this is about what a phone's network location is good for.
UNSTATED_ACCURACY = Metres(100.0)

_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
# A count below this is of seconds, else of milliseconds: Traccar draws the line here, too.
_MILLISECONDS_FROM = 2**31
_LATEST_SECOND = 7_258_118_400
_YEARS = range(2000, 2201)


@dataclass(frozen=True)
class Unreadable:
    """Something that came in the place of a fix, and by which code it is dropped."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One fix as an app states it: numbers are read, nothing is judged yet.

    Degrees, metres; `speed` counts in `speed_unit` unless the phone's profile names another.
    `observed_at` is None when the app states no time.
    """

    lon: float
    lat: float
    observed_at: datetime | None
    source: str
    speed_unit: str
    accuracy_m: float | None = None
    hdop: float | None = None
    speed: float | None = None
    bearing_deg: float | None = None
    altitude_m: float | None = None
    mock: bool = False

    def fix(self, profile: DeviceProfile, *, received_at: datetime) -> Fix:
        """As the domain knows it, said by a device of this profile."""
        accuracy, level = self._accuracy()
        speed = None
        if self.speed is not None:
            speed = self.speed * METRES_A_SECOND[profile.speed_unit or self.speed_unit]
        return profile.understood(
            Fix(
                lon=self.lon,
                lat=self.lat,
                system=profile.system,
                accuracy_m=accuracy,
                accuracy_level=level,
                observed_at=self.observed_at or received_at,
                mock=self.mock,
                source=self.source,
                speed_mps=_within(speed, 0, 1000),
                bearing_deg=_within(self.bearing_deg, 0, 360),
                altitude_m=_within(self.altitude_m, -1000, 20_000),
            )
        )

    def _accuracy(self) -> tuple[Metres, float | None]:
        """Metres, and the level of confidence when it is not the source's usual one."""
        if self.accuracy_m is not None:
            return Metres(self.accuracy_m), None
        # A receiver without a solution states a dilution of 0: no accuracy at all.
        if self.hdop:
            return accuracy_of_hdop(self.hdop)
        return UNSTATED_ACCURACY, None


def number(said: object) -> float | None:
    """A finite decimal number, said as a number or as text; None when it is none."""
    if isinstance(said, str):
        said = float(said) if _NUMBER.fullmatch(said) else None
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        value = float(said)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def instant(said: object) -> datetime | None:
    """An instant said in seconds or milliseconds since 1970, or as ISO 8601 text; None when none.

    Text without an offset is in UTC: were it local time, the fix would lie ahead of our clock and
    be dropped, whereas the other mistake would store it at a wrong time.
    """
    count = number(said)
    if count is not None:
        seconds = count if abs(count) < _MILLISECONDS_FROM else count / 1000
        if not 0 <= seconds < _LATEST_SECOND:
            return None
        at = datetime.fromtimestamp(seconds, UTC)
    elif isinstance(said, str):
        try:
            at = datetime.fromisoformat(said.strip())
        except ValueError:
            return None
    else:
        return None
    if at.year not in _YEARS:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def truth(said: object) -> bool:
    """Whether a flag is set, said as a truth value, a number or text."""
    return said is True or number(said) == 1 or (isinstance(said, str) and said.lower() == "true")


def _within(value: float | None, least: float, most: float) -> float | None:
    # Apps state -1 for what they do not know. It is beside the point, so it spoils no fix.
    return value if value is not None and least <= value <= most else None
