# SPDX-License-Identifier: Apache-2.0
"""Who plays: the phones and the duty officer that the demo made, as HOME/simulation.json says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from geo.service_user import SetUpError
from geo.sim.day import Hand


@dataclass(frozen=True)
class Cast:
    """The address of the service, the district, and the secrets of those who play."""

    url: str
    district: str
    crew: tuple[Hand, ...]
    tokens: dict[UUID, str]
    username: str
    password: str


def read_cast(path: Path) -> Cast:
    """Raises: SetUpError when this installation carries no demo, or its file is broken."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cast_of(said)
    except FileNotFoundError as error:
        raise SetUpError(
            f"There is no {path}: the simulation plays only in the demo district that "
            "`wangge up` makes. Start that first, or name its home with --home DIR."
        ) from error
    except PermissionError as error:
        raise SetUpError(
            f"{path} may not be read by this user: run as the one who runs `wangge up`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SetUpError(
            f"{path} cannot be understood ({error}). Remove it; `wangge up` makes it anew."
        ) from error


def cast_of(said: dict[str, Any]) -> Cast:
    """The cast of the file's content. Raises: KeyError, ValueError, TypeError."""
    phones = said["phones"]
    return Cast(
        url=said["url"],
        district=said["district"],
        crew=tuple(Hand(UUID(phone["worker"]), phone["cell"]) for phone in phones),
        tokens={UUID(phone["worker"]): phone["token"] for phone in phones},
        username=said["dispatcher"]["username"],
        password=said["dispatcher"]["password"],
    )
