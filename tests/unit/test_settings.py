# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.options import settings_with
from geo.service_user import SetUpError
from geo.settings import Settings


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings(
        home=Path("/srv/w"), port=9000, database_url="postgresql://u:p@h/d", demo=True, processes=3
    )
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == given


def test_every_spelling_of_postgresql_names_the_one_driver() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = Settings(database_url=f"{scheme}://u@h/d")
        assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().database_url is None


def test_a_password_is_not_repeated_in_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:geheim@h/d")
    with pytest.raises(SetUpError) as raised:
        settings_with()
    assert "geheim" not in str(raised.value)
    assert "postgresql://" in str(raised.value)


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_ports_that_do_not_exist_are_refused(port: int) -> None:
    with pytest.raises(ValidationError):
        Settings(port=port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.5", False),
        ("grid.example", False),
    ],
)
def test_only_loopback_may_speak_plain_http(host: str, loopback: bool) -> None:
    assert Settings(host=host).loopback is loopback


def test_a_home_given_relatively_is_fixed_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(home=Path("here")).home == tmp_path / "here"
