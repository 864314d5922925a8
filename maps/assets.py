# SPDX-License-Identifier: Apache-2.0
"""The browser files of others that our pages use: pinned, fetched once, verified, served by us.

They are not committed. ``assets.json`` pins each package, its version, the checksum of its archive
and the SHA-256 of every file taken from it. After a change of a version or of a list of files,
``python -m maps.assets`` writes the checksums anew.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MANIFEST = Path(__file__).with_name("assets.json")
VENDOR = Path(__file__).with_name("static") / "vendor"
URL = "/static/vendor"


class AssetError(Exception):
    """Browser files could not be fetched, or are not what the manifest says."""


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned package: ``files`` maps a path in it to its SHA-256."""

    name: str
    version: str
    integrity: str
    files: dict[str, str]

    @property
    def folder(self) -> str:
        return f"{self.name}@{self.version}"


def manifest(path: Path = MANIFEST) -> list[Package]:
    return [Package(**entry) for entry in json.loads(path.read_text())["packages"]]


def address(package: str, file: str) -> str:
    """Where a page finds ``file`` of ``package``: a path on our own server.

    Raises: KeyError when the manifest does not have it.
    """
    for entry in manifest():
        if entry.name == package and file in entry.files:
            return f"{URL}/{entry.folder}/{file}"
    raise KeyError(f"{package}: {file} is not in maps/assets.json")


def problems(packages: Iterable[Package], vendor: Path = VENDOR) -> list[str]:
    """What is missing or altered, one sentence a file; empty when all is as pinned."""
    found = []
    for package in packages:
        for name, expected in package.files.items():
            path = vendor / package.folder / name
            try:
                actual = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError:
                found.append(f"{path} is missing.")
                continue
            if actual != expected:
                found.append(f"{path} is not the file that was pinned.")
    return found


def fetch(npm: Sequence[str], packages: Sequence[Package], vendor: Path = VENDOR) -> None:
    """Fetch what is missing or altered, with the command ``npm``, and put it below ``vendor``.

    A package's folder appears whole or not at all. Raises: AssetError.
    """
    wanted = [package for package in packages if problems([package], vendor)]
    if not wanted:
        return
    vendor.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=vendor) as scratch:
        archives = _pack(npm, wanted, Path(scratch))
        for number, (package, archive) in enumerate(zip(wanted, archives, strict=True)):
            _check_archive(package, archive)
            new = Path(scratch) / f"new-{number}"
            _extract(package, archive, new)
            for name, expected in package.files.items():
                if hashlib.sha256((new / name).read_bytes()).hexdigest() != expected:
                    raise AssetError(
                        f"{name} of {package.folder} is not the file that maps/assets.json pins. "
                        "Do not use it; find out who changed it."
                    )
            place = vendor / package.folder
            place.parent.mkdir(exist_ok=True)
            if place.exists():
                place.rename(Path(scratch) / f"old-{number}")
            new.rename(place)


def _pack(npm: Sequence[str], packages: Sequence[Package], scratch: Path) -> list[Path]:
    command = [*npm, "pack", "--silent", "--ignore-scripts", *(p.folder for p in packages)]
    # One command for all of them; each archive is then known by its own checksum.
    try:
        packed = subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, check=False, timeout=600
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetError(f"npm could not fetch the map's files: {error}") from error
    if packed.returncode != 0:
        raise AssetError(
            "npm could not fetch the map's files. Check this machine's way to the npm registry "
            f"(npm config get registry). It said:\n{packed.stderr.strip()[-2000:]}"
        )
    return [
        scratch / f"{p.name.removeprefix('@').replace('/', '-')}-{p.version}.tgz" for p in packages
    ]


def _check_archive(package: Package, archive: Path) -> None:
    if not archive.exists():
        raise AssetError(f"npm brought no archive of {package.folder}.")
    if _integrity(archive) != package.integrity:
        raise AssetError(
            f"The archive of {package.folder} is not the one that maps/assets.json pins. "
            "Do not use it; find out who changed it."
        )


def _integrity(archive: Path) -> str:
    digest = hashlib.sha512(archive.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def _extract(package: Package, archive: Path, place: Path) -> None:
    """Only the listed files, written under names of the manifest: no path of the archive's."""
    with tarfile.open(archive) as contents:
        for name in package.files:
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as written:
                shutil.copyfileobj(_member(contents, name, package), written)


def _member(contents: tarfile.TarFile, name: str, package: Package) -> IO[bytes]:
    try:
        member = contents.extractfile(f"package/{name}")
    except KeyError:
        member = None
    if member is None:
        raise AssetError(f"{package.folder} has no file {name}.")
    return member


def pin(npm: Sequence[str] = ("npm",), path: Path = MANIFEST) -> None:
    """Write the checksums of the manifest's packages and files anew, as the registry has them."""
    packages = manifest(path)
    pinned = []
    with tempfile.TemporaryDirectory() as scratch:
        archives = _pack(npm, packages, Path(scratch))
        for package, archive in zip(packages, archives, strict=True):
            place = Path(scratch) / package.folder
            _extract(package, archive, place)
            files = {
                name: hashlib.sha256((place / name).read_bytes()).hexdigest()
                for name in sorted(package.files)
            }
            pinned.append(
                {
                    "name": package.name,
                    "version": package.version,
                    "integrity": _integrity(archive),
                    "files": files,
                }
            )
    path.write_text(json.dumps({"packages": pinned}, indent=2) + "\n")


if __name__ == "__main__":
    pin()
