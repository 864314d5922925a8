# SPDX-License-Identifier: Apache-2.0
"""Temporary directories that the service's user may pass through; pytest's own are closed to it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_directory() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="wangge-test-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place)
