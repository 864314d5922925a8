# SPDX-License-Identifier: Apache-2.0
"""How a phone's app is set up: one link that holds everything, and its QR code."""

import base64
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson
import segno

OWNTRACKS_PATH = "/devices/owntracks"
OSMAND_PATH = "/devices/osmand"
# Any user name will do; the apps insist on one.
_USERNAME = "wangge"
_DEVICE = "phone"
_TRACKER = "wg"
_HTTP_MODE = 3
_MOVE_MODE = 2
_EVERY_S = 60
_EVERY_M = 25


@dataclass(frozen=True)
class Setup:
    """What an app is told. `link` holds the device's token; `qr_svg` draws it."""

    server_url: str
    link: str
    qr_svg: str


def setup_of(app: str | None, *, base: str, token: str) -> Setup | None:
    """How to set an app up for the service at `base`; None when it needs no setting up."""
    if app == "owntracks":
        url = base + OWNTRACKS_PATH
        link = _owntracks(url, token)
    elif app == "osmand":
        url = base + OSMAND_PATH
        link = _traccar_client(url, token)
    else:
        return None
    # A screen is never smudged: the least correction gives the fewest and largest squares.
    code = segno.make(link, error="l", micro=False, boost_error=False)
    return Setup(url, link, code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff"))


def _owntracks(url: str, token: str) -> str:
    """https://owntracks.org/booklet/features/remoteconfig/, as a link."""
    said = {
        "_type": "configuration",
        "mode": _HTTP_MODE,
        "url": url,
        "auth": True,
        "username": _USERNAME,
        "password": token,
        # Both go out in a header, where the Android app takes ASCII alone.
        "deviceId": _DEVICE,
        "tid": _TRACKER,
        # Lets the checkpoints in our answers become regions on the phone.
        "cmd": True,
        "monitoring": _MOVE_MODE,
        "locatorInterval": _EVERY_S,
        "moveModeLocatorInterval": _EVERY_S,
        "locatorDisplacement": _EVERY_M,
    }
    packed = base64.b64encode(orjson.dumps(said)).decode()
    return f"owntracks:///config?inline={quote(packed, safe='')}"


def _traccar_client(url: str, token: str) -> str:
    """https://www.traccar.org/client-configuration/: the server's address with the settings."""
    settings = {
        "id": token,
        "accuracy": "high",
        "distance": _EVERY_M,
        "interval": _EVERY_S,
        "heartbeat": 2 * _EVERY_S,
        "buffer": "true",
    }
    return f"{url}?{urlencode(settings)}"
