# SPDX-License-Identifier: Apache-2.0
"""The version of the product, in one place for the command line and the OpenAPI document."""

import tomllib
from importlib import metadata
from pathlib import Path


def version() -> str:
    """The installed version, else that of the checkout."""
    try:
        return metadata.version("wangge")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
        return str(project["project"]["version"])
