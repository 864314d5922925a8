# SPDX-License-Identifier: Apache-2.0
"""What a source's accuracy means: the one table, with the documentation each line stands on."""

from dataclasses import dataclass

from geo.units import Metres

_ONE_SIGMA = 0.68
_TWO_SIGMA = 0.95
# Horizontal error of a receiver without corrections per unit of HDOP, at 95 % (gpsd's estimate,
# H_UERE_NO_DGPS in gpsd.h).
_METRES_A_HDOP = 15.0


@dataclass(frozen=True)
class Meaning:
    """The share of fixes whose true place lies within the accuracy that a source states."""

    level: float
    documented: str


MEANINGS: dict[str, Meaning] = {
    "android": Meaning(
        _ONE_SIGMA,
        "android.location.Location.getAccuracy: the radius of 68 % confidence",
    ),
    "browser": Meaning(
        _ONE_SIGMA,
        "W3C Geolocation says 95 %, but browsers pass the platform's 68 % radius on unchanged",
    ),
    "wechat": Meaning(
        _ONE_SIGMA,
        "wx.getLocation `accuracy`: the platform's own radius, 68 %",
    ),
    "owntracks": Meaning(
        _ONE_SIGMA,
        "OwnTracks JSON `acc`: accuracy of the reported location, as the platform states it: 68 %",
    ),
    "osmand": Meaning(
        _ONE_SIGMA,
        "Traccar Client `accuracy`: Location.getAccuracy or CLLocation.horizontalAccuracy, 68 %",
    ),
    "gpsd": Meaning(
        _TWO_SIGMA,
        "gpsd JSON TPV `eph`: estimated horizontal position error, 95 % confidence",
    ),
}
# Who does not say what he is, is taken for a phone.
UNSTATED = Meaning(_ONE_SIGMA, "no source stated: a phone's 68 % radius")


def level_of_source(source: str | None) -> float:
    """The level of confidence of a source's accuracy, 0 to 1."""
    return MEANINGS.get(source or "", UNSTATED).level


def accuracy_of_hdop(hdop: float) -> tuple[Metres, float]:
    """Accuracy in metres of a receiver that states HDOP alone, and its level of confidence."""
    return Metres(hdop * _METRES_A_HDOP), _TWO_SIGMA
