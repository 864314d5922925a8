# SPDX-License-Identifier: Apache-2.0
"""A file as somebody hands it over -> a folder that is safe to read."""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from geo.interchange.rules import (
    MAX_FILE_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_MATTERS_FROM_BYTES,
    ArchiveUnsafe,
    FileAbsent,
    FileForbidden,
    FileNotReadable,
    FileTooLarge,
    FormatUnknown,
    NoLayer,
)

LAYER_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json")
PART_SUFFIXES = (".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[list[Path]]:
    """The files of layers that `path` (file, folder or zip) holds; a zip unpacked for a while.

    Raises: FileNotReadable, FormatUnknown, NoLayer, FileTooLarge, ArchiveUnsafe.
    """
    if path.is_dir():
        yield _layer_files(path, path.name)
    elif not path.is_file():
        raise FileAbsent(file=path.name)
    elif path.suffix.lower() == ".zip":
        _bounded(path)
        with TemporaryDirectory(prefix="wangge-import-") as folder:
            _unpack(path, Path(folder))
            yield _layer_files(Path(folder), path.name)
    elif path.suffix.lower() in LAYER_SUFFIXES:
        _bounded(path)
        yield [path]
    else:
        raise FormatUnknown(file=path.name)


def part(layer: Path, suffix: str) -> Path | None:
    """A part of a shapefile beside its .shp, whatever the case of its suffix."""
    for spelled in (suffix, suffix.upper()):
        found = layer.with_suffix(spelled)
        if found.is_file():
            return found
    return None


def _layer_files(folder: Path, name: str) -> list[Path]:
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in LAYER_SUFFIXES and file.is_file()
    )
    if not found:
        raise NoLayer(file=name)
    if len(found) > MAX_MEMBERS:
        raise FileTooLarge(file=name, size=len(found), limit=MAX_MEMBERS, unit="files")
    for file in found:
        _bounded(file)
    return found


def _bounded(path: Path) -> None:
    if not os.access(path, os.R_OK):
        raise FileForbidden(file=path.name)
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise FileTooLarge(file=path.name, size=size, limit=MAX_FILE_BYTES, unit="bytes")


def _unpack(path: Path, folder: Path) -> None:
    """Unpack what belongs to layers, counting real bytes: a zip may lie about its sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise FileTooLarge(
                    file=path.name, size=len(members), limit=MAX_MEMBERS, unit="files"
                )
            written = 0
            for member in members:
                target = _target(member, path.name)
                if target is None:
                    continue
                place = folder / target
                if place.exists():
                    raise ArchiveUnsafe(file=path.name, member=member.filename[:80], reason="twice")
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, place.open("xb") as out:
                    while chunk := packed.read(_CHUNK):
                        written += len(chunk)
                        _refuse_bomb(written, path)
                        out.write(chunk)
    # What the standard library raises for broken, encrypted or unknown packing.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileNotReadable(file=path.name, reason=str(error)) from error
    # Names too long, a file where a folder should be, no room on the disk.
    except OSError as error:
        raise FileNotReadable(file=path.name, reason=error.strerror or "?") from error


def _refuse_bomb(written: int, path: Path) -> None:
    if written > MAX_UNPACKED_BYTES:
        raise FileTooLarge(file=path.name, size=written, limit=MAX_UNPACKED_BYTES, unit="bytes")
    if written > RATIO_MATTERS_FROM_BYTES and written > MAX_RATIO * path.stat().st_size:
        raise ArchiveUnsafe(file=path.name, member="", reason="bomb")


def _target(member: zipfile.ZipInfo, archive: str) -> PurePosixPath | None:
    """Where a member may go; None for what is of no use here."""
    name = member.filename.replace("\\", "/")
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts or re.match("[A-Za-z]:", name):
        raise ArchiveUnsafe(file=archive, member=name[:80], reason="climbs")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ArchiveUnsafe(file=archive, member=name[:80], reason="link")
    useful = inside.suffix.lower() in (*LAYER_SUFFIXES, *PART_SUFFIXES)
    hidden = any(piece.startswith((".", "__MACOSX")) for piece in inside.parts)
    if member.is_dir() or not useful or hidden:
        return None
    return inside.with_suffix(inside.suffix.lower())
