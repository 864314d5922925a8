# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import pytest

from api.code import readable_code
from geo.service_user import ServiceUser, service_user
from tests.places import open_directory

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has code others cannot read")


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> ServiceUser:
    # This Python may itself lie in a closed place; here any program will do.
    monkeypatch.setattr("sys.executable", "/bin/sh")
    return service_user()


def checkout(place: Path) -> Path:
    for name in ("api/__main__.py", "geo/__init__.py", "maps/static/vendor/a.js", "data/x.shp"):
        path = place / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n")
    return place / "checkout"


def test_an_open_checkout_is_used_as_it_is(user: ServiceUser) -> None:
    with open_directory() as place:
        made = checkout(place)
        assert readable_code(place, user, made) == made


def test_a_closed_one_is_copied_whenever_it_changed(user: ServiceUser, tmp_path: Path) -> None:
    made = checkout(tmp_path)
    made.chmod(0o700)
    (made / "geo/__init__.py").chmod(0o600)
    with open_directory() as place:
        first = readable_code(place, user, made)
        assert first.is_relative_to(place)
        for name in ("api/__main__.py", "geo/__init__.py", "maps/static/vendor/a.js"):
            assert user.can_read(first / name)
            assert (first / name).stat().st_uid == 0
        assert readable_code(place, user, made) == first
        (made / "api/__main__.py").write_text("changed\n")
        second = readable_code(place, user, made)
        assert (second / "api/__main__.py").read_text() == "changed\n"
        assert not first.exists()


def test_a_python_that_the_service_cannot_run_is_named(
    user: ServiceUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "python"
    closed.write_text("")
    monkeypatch.setattr("sys.executable", str(closed))
    with pytest.raises(Exception, match=r"through \./wangge"):
        readable_code(tmp_path, user, tmp_path)
