# SPDX-License-Identifier: Apache-2.0
"""Codes for doors over HTTP: issued, printed, shown, and kept to those who may."""

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from geo.accounts.rules import Role
from maps.offline import offline
from tests import town
from tests.conftest import SignIn

DOOR = town.CHECKPOINTS["N1"]
CODES = f"/api/v1/checkpoints/{DOOR}/proof-codes"


def check_in(token: str | None) -> dict[str, Any]:
    lon, lat = town.point(50, 250)
    fix = {"lon": lon, "lat": lat, "accuracy_m": 5, "observed_at": "2026-03-02T08:00:00+08:00"}
    said: dict[str, Any] = {"id": str(uuid4()), "worker": str(town.WORKERS["N1"]), "fix": fix}
    said["checkpoint"] = str(DOOR)
    if token is not None:
        said["proof"] = {"kind": "qr", "token": token}
    return said


def test_from_issuing_to_checking_in(client: TestClient, sign_in: SignIn) -> None:
    boss, own = sign_in(Role.SUPERVISOR), sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    asking = {"asks_proof": True}
    early = client.patch(f"/api/v1/checkpoints/{DOOR}", json=asking, headers=boss)
    assert (early.status_code, early.json()["code"]) == (409, "proof.none_issued")
    issued = client.post(CODES, headers=boss)
    assert issued.status_code == 201
    code = issued.json()
    assert (code["number"], code["checkpoint"]) == (1, str(DOOR))
    assert code["svg"].startswith("<svg")
    changed = client.patch(f"/api/v1/checkpoints/{DOOR}", json=asking, headers=boss)
    assert changed.json()["asks_proof"] is True
    without = client.post("/api/v1/check-ins", json=check_in(None), headers=own).json()
    assert (without["accepted"], without["proof"]) == (False, "missing")
    shown = client.post("/api/v1/check-ins", json=check_in(code["token"]), headers=own).json()
    assert (shown["accepted"], shown["proof"]) == (True, "valid")
    client.post(CODES, headers=boss)
    old = client.post("/api/v1/check-ins", json=check_in(code["token"]), headers=own).json()
    assert (old["accepted"], old["proof"]) == (False, "replaced")


def test_who_may_issue_and_print(client: TestClient, sign_in: SignIn) -> None:
    for role in (Role.DISPATCHER, Role.PLANNER, Role.VIEWER):
        headers = sign_in(role)
        assert client.post(CODES, headers=headers).status_code == 403
        assert client.get("/checkpoints/print", headers=headers).status_code == 403
    below = sign_in(Role.SUPERVISOR, scope="210503102")
    assert client.post(CODES, headers=below).json()["code"] == "scope.not_found"
    own = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    assert client.post(CODES, headers=own).status_code == 403
    unknown = f"/api/v1/checkpoints/{uuid4()}/proof-codes"
    assert client.post(unknown, headers=sign_in(Role.ADMIN)).status_code == 404


def test_the_sheet_holds_the_newest_codes_of_the_area(client: TestClient, sign_in: SignIn) -> None:
    boss = sign_in(Role.SUPERVISOR)
    for name in ("N1", "N1", "S2"):
        client.post(f"/api/v1/checkpoints/{town.CHECKPOINTS[name]}/proof-codes", headers=boss)
    sheet = client.get("/checkpoints/print", headers=boss)
    assert sheet.status_code == 200
    assert re.findall(r"第 (\d) 版", sheet.text)[::2] == ["2", "1"]
    assert sheet.text.count("<svg") == 2
    assert offline(sheet.text) == []
    above = client.get("/checkpoints/print?within=210503101", headers=boss).text
    assert above.count("<svg") == 1
    assert "N1-1" in above
    below = sign_in(Role.SUPERVISOR, scope="210503102")
    assert "N1-1" not in client.get("/checkpoints/print", headers=below).text
    assert client.get("/checkpoints/print?within=x", headers=boss).status_code == 422


@pytest.mark.parametrize("name", ["<b>门</b>", "a & b"])
def test_names_on_the_sheet_are_text(client: TestClient, sign_in: SignIn, name: str) -> None:
    boss = sign_in(Role.SUPERVISOR)
    client.patch(f"/api/v1/checkpoints/{DOOR}", json={"name": name}, headers=boss)
    client.post(CODES, headers=boss)
    text = client.get("/checkpoints/print", headers=boss).text
    assert f"<h2>{name}</h2>" not in text
    assert "<h2>" in text
