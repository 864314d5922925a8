# SPDX-License-Identifier: Apache-2.0
"""What several commands share: the home, the settings, the language of the terminal."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from api.texts import Language
from geo.ids import DistrictCode
from geo.service_user import SetUpError
from geo.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# readable=False: the home lets its processes pass through without letting them list it.
Home = Annotated[
    Path | None,
    typer.Option("--home", help="Directory of everything that changes.", readable=False),
]


def settings_with(**given: object) -> Settings:
    """The settings of the environment, with what was given on the command line on top.

    Raises: SetUpError for values that cannot be meant.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        # Only the reasons: the values may hold a password.
        listed = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SetUpError(f"These settings cannot be used: {listed}") from None


def district_among(session: "Session", wanted: str | None) -> DistrictCode:
    """The district that is meant: the only one when none is said. Raises: SetUpError."""
    from geo.hierarchy.queries import districts

    known = [found.code for found in districts(session)]
    if wanted is None and len(known) == 1:
        wanted = known[0]
    if wanted not in known:
        listed = ", ".join(known) or "none; bring one in with: wangge import FOLDER"
        raise SetUpError(f"Say which district with --district CODE. Loaded: {listed}.")
    return DistrictCode(wanted)


def language() -> Language:
    """The language of the terminal; Chinese unless it says English."""

    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return Language.EN if spoken.startswith(("en", "C", "POSIX")) else Language.ZH
