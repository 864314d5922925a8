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


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.5:8080", "https://192.168.7.2", "http://127.0.0.1:2322", "http://172.31.0.9",
        "http://[fd00::5]:8080", "http://[::1]:80",
    ],
)  # fmt: skip
def test_a_geocoder_of_ones_own_stands_on_the_private_network(address: str) -> None:
    assert Settings(nominatim_address=f"{address}/").nominatim_address == address


@pytest.mark.parametrize(
    "address",
    [
        "http://8.8.8.8", "http://172.32.0.1", "http://169.254.169.254", "http://0.0.0.0",
        "http://[fe80::1]", "http://[::ffff:10.0.0.5]", "http://nominatim.internal", "10.0.0.5",
        "ftp://10.0.0.5", "http://10.0.0.5/search", "http://10.0.0.5?x=1", "http://10.0.0.5#x",
        "http://u:geheim@10.0.0.5", "http://10.0.0.5:99999", "http://[10.0.0.5", "http://167772165",
    ],
)  # fmt: skip
def test_any_other_address_of_a_geocoder_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(photon_address=address)


def test_outside_geocoders_are_of_a_list_and_have_their_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().outside_geocoders == ()
    monkeypatch.setenv("WANGGE_OUTSIDE_GEOCODERS", '["amap", "nominatim"]')
    with pytest.raises(SetUpError) as raised:
        settings_with()
    assert "WANGGE_AMAP_KEY" in str(raised.value)
    monkeypatch.setenv("WANGGE_AMAP_KEY", "geheim")
    given = settings_with()
    assert given.outside_geocoders == ("amap", "nominatim")
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == given
    monkeypatch.setenv("WANGGE_OUTSIDE_GEOCODERS", '["https://evil.example"]')
    with pytest.raises(SetUpError):
        settings_with()
    monkeypatch.setenv("WANGGE_OUTSIDE_GEOCODERS", '["nominatim", "nominatim"]')
    with pytest.raises(SetUpError):
        settings_with()
