# SPDX-License-Identifier: Apache-2.0
"""Commands beside `up`: they work on an installation, and never make one."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.cli import main
from geo.cluster import Cluster
from geo.settings import Settings
from tests import town
from tests.files import write_shapefile
from tests.places import open_directory

Type = Callable[..., tuple[int, str]]


@pytest.fixture
def home() -> Iterator[Path]:
    with open_directory() as place:
        yield place / "home"


@pytest.fixture
def wangge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command; answers the exit code and what it said."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "60")

    def typed(*words: object, given: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["/somewhere/api/__main__.py", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return typed


def test_a_mistyped_home_is_said_and_not_made(wangge: Type, home: Path, tmp_path: Path) -> None:
    for words in (
        ("import", tmp_path),
        ("export", tmp_path / "out.zip"),
        ("accounts", "list"),
        ("accounts", "add", "chief", "--role", "admin", "--password", "long enough 1"),
        ("accounts", "disable", "chief"),
    ):
        code, said = wangge(*words, "--home", home)
        assert code == 2, said
        assert f"there is no installation in {home}" in said
        assert f"wangge up --home {home}" in said
        assert not home.exists()


def test_a_stopped_installation_is_worked_on(wangge: Type, home: Path) -> None:
    settings = Settings(home=home, database_url=None)
    home.mkdir(mode=0o711)
    with Cluster(settings.cluster_directory):
        pass
    code, said = wangge("accounts", "list", "--home", home)
    assert code == 0, said
    square = write_shapefile(
        home / "district.shp",
        [town.box(0, 0, 300, 300)],
        {"code": ["210503"], "name": ["溪湖区"]},
    )
    assert wangge("import", square, "--home", home)[0] == 0
    name = "a-chief-of-a-long-name-that-is-not-cut"
    add = ("accounts", "add", name, "--home", home)
    code, said = wangge(*add, given="long enough 1\n")
    assert code == 2, "a role is not guessed"
    assert "--role" in said
    assert "Usage: wangge accounts add" in said
    code, said = wangge(*add, "--role", "admin", given="long enough 1\n")
    assert code == 0, said
    assert "long enough 1" not in said
    said = wangge("accounts", "list", "--home", home)[1]
    assert "…" not in said
    assert wangge(*add, "--role", "admin", given="short\n")[0] == 2
    hers = (*add, "--role", "worker", "--cell", "210503001001001")
    code, said = wangge(*hers, given="long enough 1\n")
    assert (code, "nobody holds the cell" in said) == (2, True), said


def test_a_policy_is_shown_and_followed_by_another(wangge: Type, home: Path) -> None:
    settings = Settings(home=home, database_url=None)
    home.mkdir(mode=0o711)
    with Cluster(settings.cluster_directory):
        pass
    code, said = wangge("policy", "show", "--home", home)
    assert (code, "Loaded: none" in said) == (1, True), said
    square = write_shapefile(
        home / "district.shp",
        [town.box(0, 0, 300, 300)],
        {"code": ["210503"], "name": ["溪湖区"]},
    )
    assert wangge("import", square, "--home", home)[0] == 0
    change = ("policy", "set", "--home", home)
    for wrong, why in (
        ("inside_from", "NAME=VALUE"),
        ("inside_form=0.8", "inside_from"),
        ("inside_from=80", "0.5 … 1"),
        ("still_fixes=3.5", "3 … 1000"),
        ("least_radius_m=50", "50"),
    ):
        code, said = wangge(*change, wrong, "most_radius_m=40")
        assert code in (1, 2), said
        assert why in said
    code, said = wangge(*change, "inside_from=0.8", "--from", "2030-01-01")
    assert (code, "offset" in said) == (1, True), said
    code, said = wangge(*change, "inside_from=0.8", "--from", "2000-01-01T00:00:00+08:00")
    assert (code, "policy.not_later" in said) == (2, True), said
    code, said = wangge(*change, "inside_from=0.8", "late_after=86400")
    assert code == 0, said
    said = wangge("policy", "show", "--home", home)[1]
    assert "version 2" in said
    assert [line.split() for line in said.splitlines() if "inside_from" in line] == [
        ["inside_from", "0.9", "0.8"]
    ]
    assert "version 0" in wangge("policy", "linkups", "show", "--home", home)[1]
    change = ("policy", "linkups", "set", "--home", home)
    code, said = wangge(*change, "ring_size=2.5")
    assert (code, "policy.invalid" in said) == (2, True), said
    code, said = wangge(*change, "answer_within_s=15", "community_within_s=0")
    assert (code, "Version 1" in said) == (0, True), said
    said = wangge("policy", "linkups", "show", "--home", home)[1]
    assert ["answer_within_s", "20", "15"] in [line.split() for line in said.splitlines()]
