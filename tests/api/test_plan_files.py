# SPDX-License-Identifier: Apache-2.0
"""Plans in files over HTTP: out and in again, and what the doctor says of a messy one."""

import io
import json
import zipfile
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import mapping

from geo.accounts.rules import Role
from tests import drawing, town
from tests.api.test_plans import BASE, Desk, transfer
from tests.conftest import SignIn
from tests.unit.interchange.test_tangles import star as tangle


@pytest.fixture
def desk(client: TestClient, sign_in: SignIn) -> Desk:
    return Desk(client, sign_in(Role.PLANNER))


def bring(desk: Desk, body: bytes, name: str, **query: str) -> Any:
    files = {"file": (name, body, "application/octet-stream")}
    return desk.client.post(f"{BASE}/import", files=files, params=query, headers=desk.headers)


def shapes(desk: Desk) -> dict[str, Any]:
    return {code: cell["geometry"] for code, cell in desk.cells().items()}


@pytest.mark.parametrize("form", ["shp", "gpkg", "geojson"])
def test_what_goes_out_comes_back_to_the_last_coordinate(desk: Desk, form: str) -> None:
    desk.edit(**transfer())
    out = desk.ask("GET", f"/export?format={form}")
    assert out.status_code == 200, out.text
    suffix = {"shp": ".zip", "gpkg": ".gpkg", "geojson": ".geojson"}[form]
    assert suffix in out.headers["content-disposition"]
    made = bring(desk, out.content, f"回来{suffix}")
    assert made.status_code == 201, made.text
    assert made.json()["problems"]["features"] == []
    assert made.json()["plan"]["name"] == f"导入 回来{suffix}"
    back = Desk(desk.client, desk.headers, made.json()["plan"]["id"])
    assert {code: sorted_ring(shape) for code, shape in shapes(back).items()} == {
        code: sorted_ring(shape) for code, shape in shapes(desk).items()
    }


def sorted_ring(shape: Any) -> list[Any]:
    """The corners of a ring, wherever it begins and whichever way it runs."""
    (ring,) = shape["coordinates"]
    return sorted(ring[:-1])


def test_a_messy_file_is_a_draft_with_its_problems_and_is_mended(desk: Desk) -> None:
    # N1 drawn 2 m too narrow and 1 m too far south: a gap beside it and an overlap below.
    shape = mapping(drawing.region((0, 199), (98, 199), (98, 300), (0, 300)))
    cell = {"type": "Feature", "geometry": shape, "properties": {"code": town.N1, "name": "改"}}
    body = json.dumps({"type": "FeatureCollection", "features": [cell]}).encode()
    made = bring(desk, body, "北一.geojson").json()
    problems = [one["properties"] for one in made["problems"]["features"]]
    assert {one["kind"] for one in problems} == {"gap", "overlap"}
    assert made["file"]["kept"] == 8
    draft = Desk(desk.client, desk.headers, made["plan"]["id"])
    draft.etag = f'"{made["plan"]["revision"]}"'
    day = draft.ask("POST", "/publish", json={"from": "2026-03-03"})
    assert (day.status_code, day.json()["code"]) == (409, "plan.problems_remain")
    assert day.json()["count"] == len(problems)
    # Where it is broken nothing is edited; what is proposed is done on request and reported.
    across = mapping(drawing.region((90, 190), (110, 190), (110, 290), (90, 290)))
    assert draft.edit(**transfer(area=across)).json()["code"] == "plan.unrepaired"
    mended = draft.ask("POST", "/repairs", json={"repairs": [one["id"] for one in problems]})
    assert mended.status_code == 200, mended.text
    assert mended.json()["problems"]["features"] == []
    assert mended.json()["moved_m2"] > 100
    assert draft.ask("GET", "/problems").json()["features"] == []
    assert draft.ask("POST", "/publish", json={"from": "2026-03-03"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "leer.geojson"),
        (b"\x00\x01", "was.zip"),
        (b"PK\x03\x04" + bytes(40), "kaputt.zip"),
        (b"{}", "leer.geojson"),
        (b"name,x\n", "tabelle.csv"),
        (b'{"type":"FeatureCollection","features":[]}', "../../etc/passwd.geojson"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(desk: Desk, body: bytes, name: str) -> None:
    answer = bring(desk, body, name)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"].startswith(("import.", "request."))
    assert len(desk.client.get(BASE, headers=desk.headers).json()["items"]) == 2


def test_a_refusal_calls_a_file_as_its_sender_does(desk: Desk) -> None:
    detail = bring(desk, b"AC1032", "坏文件.dwg").json()["detail"]
    assert detail.startswith("“坏文件.dwg”")
    assert "文件夹" not in detail
    cell = {"type": "Feature", "geometry": {"type": "Point", "coordinates": town.point(50, 250)}}
    body = json.dumps({"type": "FeatureCollection", "features": [{**cell, "properties": {}}]})
    assert "“点位”" in bring(desk, body.encode(), "点位.geojson").json()["detail"]
    # A long name loses its middle, and never what says the format.
    assert "“点位" in bring(desk, body.encode(), f"{'点位' * 90}.geojson").json()["detail"]


def test_what_would_take_hours_to_mend_or_to_list_is_refused(desk: Desk) -> None:
    lon, lat = town.point(50, 250)
    star = [(lon + x / 1e10, lat + y / 1e10) for x, y in tangle(301)]
    cell = shapes(desk)[town.N1]
    for kind, drawn, code in (
        ("tangled", [{"type": "Polygon", "coordinates": [[*star, star[0]]]}], "unrepairable"),
        ("in a heap", [cell] * 5000, "cells_piled"),
    ):
        features = [{"type": "Feature", "geometry": one, "properties": {}} for one in drawn]
        body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        answer = bring(desk, body, "x.geojson")
        assert (answer.status_code, answer.json()["code"]) == (422, f"import.{code}"), kind


def test_codes_that_are_cut_off_are_no_codes(desk: Desk) -> None:
    squares = [
        mapping(drawing.region((x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10)))
        for x in range(0, 40, 10)
        for y in range(0, 40, 10)
    ]
    features = [
        {"type": "Feature", "geometry": one, "properties": {"code": f"21050310100100{n % 3}"}}
        for n, one in enumerate(squares)
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    answer = bring(desk, body, "截短.geojson")
    assert (answer.status_code, answer.json()["code"]) == (422, "import.codes_repeated")
    assert "16 个要素只有 3 个不同的代码" in answer.json()["detail"]


def test_what_a_file_is_called_is_a_name_and_no_path(desk: Desk) -> None:
    cell = {"type": "Feature", "geometry": shapes(desk)[town.N1], "properties": {"code": town.N1}}
    body = json.dumps({"type": "FeatureCollection", "features": [cell]}).encode()
    # As a sender may write it who does not quote what he should.
    parts = [b"--b", b'content-disposition: form-data; name="file"; filename="../../x\x00.geojson"']
    sent = b"\r\n".join([*parts, b"", body, b"--b--", b""])
    headers = {**desk.headers, "content-type": "multipart/form-data; boundary=b"}
    made = desk.client.post(f"{BASE}/import", content=sent, headers=headers)
    assert made.status_code == 201, made.text
    assert made.json()["plan"]["name"] == "导入 x.geojson"
    draft = Desk(desk.client, desk.headers, made.json()["plan"]["id"])
    draft.ask("PATCH", "", json={"name": "../甲"})
    told = draft.ask("GET", "/export?format=geojson").headers["content-disposition"]
    assert told.endswith("..%2F%E7%94%B2.geojson")


def test_an_unknown_repair_is_refused(desk: Desk) -> None:
    answer = desk.ask("POST", "/repairs", json={"repairs": ["nonsense"]})
    assert answer.status_code in (404, 409), answer.text
    assert desk.ask("POST", "/repairs", json={"repairs": []}).status_code == 422


def test_the_official_documents_of_a_draft_and_of_the_plan_it_became(desk: Desk) -> None:
    desk.edit(op="merge", cells=[town.S1, town.S2])
    for _ in range(2):
        table = desk.ask("GET", "/changes")
        assert table.status_code == 200, table.text
        assert ".xlsx" in table.headers["content-disposition"]
        with zipfile.ZipFile(io.BytesIO(table.content)) as archive:
            texts = archive.read("xl/sharedStrings.xml").decode()
        # The code that publishing gives, before it is published and after.
        assert "210503102001004" in texts
        assert "210503102001D01" not in texts
        assert town.S1 in texts
        sheet = desk.ask("GET", "/sheets?within=210503102001")
        assert (sheet.status_code, sheet.content[:5]) == (200, b"%PDF-")
        assert sheet.headers["content-type"] == "application/pdf"
        desk.ask("POST", "/publish", json={"from": "2026-03-03"})


def test_documents_of_what_is_not_there_are_refused(desk: Desk) -> None:
    assert desk.ask("GET", "/sheets?within=210503109001").status_code == 404
    assert desk.ask("GET", "/sheets").status_code == 422
    for larger in ("210503", "210503101", town.S1):
        answer = desk.ask("GET", f"/sheets?within={larger}")
        assert (answer.status_code, answer.json()["code"]) == (422, "plan.not_one_sheet")
    for area, code in (("210503109", "plan.area_unknown"), ("2105", "request.invalid")):
        assert desk.ask("POST", "/sheets", json={"within": area}).json()["code"] == code
    (first, _) = desk.client.get(BASE, headers=desk.headers).json()["items"]
    answer = desk.client.get(f"{BASE}/{first['id']}/changes", headers=desk.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "plan.no_base")
