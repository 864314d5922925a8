# SPDX-License-Identifier: Apache-2.0
"""Fetching, with a stand-in for npm: what is under test is what we believe of its answer."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from maps import assets

CONTENT = b"console.log('here');\n"


def archive_of(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def npm_bringing(archive: bytes, folder: Path) -> list[str]:
    """A command that, like `npm pack`, leaves the archive in the working directory."""
    source = folder / "archive.tgz"
    source.write_bytes(archive)
    return ["/bin/sh", "-c", f"cp {source} thing-1.0.0.tgz", "npm"]


def package(archive: bytes, content: bytes = CONTENT) -> assets.Package:
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    files = {"dist/thing.js": hashlib.sha256(content).hexdigest()}
    return assets.Package("thing", "1.0.0", f"sha512-{digest}", files)


def test_fetched_verified_and_left_alone_the_second_time(tmp_path: Path) -> None:
    archive = archive_of({"dist/thing.js": CONTENT, "dist/unused.js": b""})
    wanted = [package(archive)]
    vendor = tmp_path / "vendor"
    assets.fetch(npm_bringing(archive, tmp_path), wanted, vendor)
    assert (vendor / "thing@1.0.0/dist/thing.js").read_bytes() == CONTENT
    assert not (vendor / "thing@1.0.0/dist/unused.js").exists()
    assert assets.problems(wanted, vendor) == []
    assets.fetch(["/bin/false"], wanted, vendor)


def test_an_altered_file_is_noticed_and_fetched_again(tmp_path: Path) -> None:
    archive = archive_of({"dist/thing.js": CONTENT})
    vendor = tmp_path / "vendor"
    npm = npm_bringing(archive, tmp_path)
    assets.fetch(npm, [package(archive)], vendor)
    (vendor / "thing@1.0.0/dist/thing.js").write_bytes(b"altered")
    assert len(assets.problems([package(archive)], vendor)) == 1
    assets.fetch(npm, [package(archive)], vendor)
    assert assets.problems([package(archive)], vendor) == []


def test_an_archive_with_another_checksum_is_refused(tmp_path: Path) -> None:
    pinned = package(archive_of({"dist/thing.js": CONTENT}))
    other = archive_of({"dist/thing.js": b"something else"})
    with pytest.raises(assets.AssetError, match=r"archive of thing@1\.0\.0 is not the one"):
        assets.fetch(npm_bringing(other, tmp_path), [pinned], tmp_path / "vendor")
    assert list((tmp_path / "vendor").iterdir()) == []


def test_a_file_with_another_checksum_is_refused(tmp_path: Path) -> None:
    archive = archive_of({"dist/thing.js": CONTENT})
    pinned = package(archive, content=b"what was reviewed")
    with pytest.raises(assets.AssetError, match=r"dist/thing\.js of thing@1\.0\.0"):
        assets.fetch(npm_bringing(archive, tmp_path), [pinned], tmp_path / "vendor")
    assert list((tmp_path / "vendor").iterdir()) == []


def test_npm_that_fails_is_quoted(tmp_path: Path) -> None:
    pinned = package(archive_of({"dist/thing.js": CONTENT}))
    npm = ["/bin/sh", "-c", "echo no route to registry >&2; exit 1", "npm"]
    with pytest.raises(assets.AssetError, match="no route to registry"):
        assets.fetch(npm, [pinned], tmp_path / "vendor")


def test_the_manifest_is_pinned_throughout() -> None:
    for entry in assets.manifest():
        assert entry.integrity.startswith("sha512-")
        assert entry.files
        assert all(len(digest) == 64 for digest in entry.files.values())
