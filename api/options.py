# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

# readable=False: the home lets its processes pass through without letting them list it.
Home = Annotated[
    Path | None,
    typer.Option("--home", help="Directory of everything that changes.", readable=False),
]
