# SPDX-License-Identifier: Apache-2.0
"""Zips that would do harm are refused, and leave nothing behind."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from geo.interchange.archive import opened
from geo.interchange.rules import ArchiveUnsafe, FileNotReadable, FileTooLarge, NoLayer


def archive(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members:
            packed.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../a.shp",
        "a/../../a.shp",
        "/etc/a.shp",
        "..\\a.shp",
        "C:\\a.shp",
        "C:/a.shp",
        "\\\\host\\share\\a.shp",
        "a/./../../b.shp",
    ],
)
def test_names_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "x.zip", ("fine.shp", b"x"), (name, b"x"))
    with pytest.raises(ArchiveUnsafe) as refused, opened(path):
        pass
    assert refused.value.fields["reason"] == "climbs"
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["x.zip"]


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        member = zipfile.ZipInfo("a.shp")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(member, "/etc/passwd")
    with pytest.raises(ArchiveUnsafe) as refused, opened(path):
        pass
    assert refused.value.fields["reason"] == "link"


def test_a_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", ("a.shp", b"\0" * (64 << 20)))
    assert path.stat().st_size < 100_000
    with pytest.raises(ArchiveUnsafe) as refused, opened(path):
        pass
    assert refused.value.fields["reason"] == "bomb"


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", ("a.shp", b"\0" * (64 << 20)))
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)
    path.write_bytes(data)
    with pytest.raises((ArchiveUnsafe, FileNotReadable)), opened(path):
        pass


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", *((f"{number}.txt", b"") for number in range(1001)))
    with pytest.raises(FileTooLarge), opened(path):
        pass


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    archive(path, ("a.shp", b"1"), ("A/../a.shp", b"2"))
    with pytest.raises(ArchiveUnsafe), opened(path):
        pass
    archive(path, ("a.shp", b"1"), ("a.SHP", b"2"))
    with pytest.raises(ArchiveUnsafe) as refused, opened(path):
        pass
    assert refused.value.fields["reason"] == "twice"


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_damaged_zip_is_refused(tmp_path: Path, damage: str) -> None:
    path = archive(tmp_path / "x.zip", ("a.shp", bytes(range(256)) * 50))
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[60] ^= 0xFF
    else:
        data = bytearray(b"not a zip at all")
    path.write_bytes(data)
    with pytest.raises(FileNotReadable), opened(path):
        pass


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", ("a.shp", b"x"))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(FileNotReadable), opened(path):
        pass


@pytest.mark.parametrize("names", [["a" * 300 + ".shp"], ["a.shp", "a.shp/b.shp"]])
def test_names_that_no_disk_takes_are_refused(tmp_path: Path, names: list[str]) -> None:
    path = archive(tmp_path / "x.zip", *((name, b"x") for name in names))
    with pytest.raises(FileNotReadable), opened(path):
        pass


def test_what_is_of_no_use_is_left_packed(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "x.zip",
        ("in/Qu.SHP", b"1"),
        ("in/readme.exe", b"2"),
        ("__MACOSX/in/._Qu.shp", b"3"),
    )
    with opened(path) as files:
        assert [file.name for file in files] == ["Qu.shp"]
        unpacked = files[0].parents[1]
        assert sorted(file.name for file in unpacked.rglob("*")) == ["Qu.shp", "in"]
    assert not unpacked.exists()


def test_an_empty_zip_or_folder_has_no_layer(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (archive(tmp_path / "x.zip"), tmp_path / "empty"):
        with pytest.raises(NoLayer), opened(path):
            pass


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    with path.open("wb") as file:
        file.truncate(201 * 1024 * 1024)
    with pytest.raises(FileTooLarge), opened(path):
        pass
