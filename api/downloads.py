# SPDX-License-Identifier: Apache-2.0
"""Answers that are files to be kept."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.responses import Response


def file_answer(media_type: str = "application/octet-stream") -> dict[int | str, dict[str, Any]]:
    """How the document of the API describes an answer that is a file."""
    return {200: {"content": {media_type: {}}, "description": "The file"}}


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file to be kept under a name, which may be Chinese."""
    said = (
        f"attachment; filename=\"plan{Path(name).suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return Response(body, media_type=media_type, headers={"content-disposition": said})
