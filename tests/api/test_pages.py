# SPDX-License-Identifier: Apache-2.0
"""Pages as bytes: who gets them, under which policy, and that they name no other host."""

import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.pages import local_path
from geo.accounts.rules import Role
from maps.offline import offline
from tests import town
from tests.conftest import SignIn

PAGES = [
    *("/login", "/wall", "/docs", "/check-ins", "/checkpoints/print"),
    *("/desk", "/duty", "/planner"),
]


@pytest.mark.parametrize("page", ["/wall", "/docs", "/wall?a=1&b=//x"])
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client: TestClient, page: str) -> None:
    answer = client.get(page, follow_redirects=False)
    assert answer.status_code == 303
    sent = answer.headers["location"]
    assert sent.startswith("/login?next=/")
    signing_in = client.get(sent)
    assert signing_in.status_code == 200
    assert f'"next":"{page}"' in signing_in.text


@pytest.mark.parametrize(
    "next",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/x"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(next: str) -> None:
    assert local_path(next) == "/"


def test_text_of_the_address_stays_text(client: TestClient) -> None:
    answer = client.get("/login", params={"next": "/wall?</script><script>alert(1)</script>"})
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("role", "begins"), [(Role.DISPATCHER, "/wall"), (Role.SUPERVISOR, "/duty"), (None, "/login")]
)
def test_where_one_begins(
    client: TestClient, sign_in: SignIn, role: Role | None, begins: str
) -> None:
    headers = sign_in(role) if role else {}
    answer = client.get("/", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, begins)


@pytest.mark.parametrize("role", [Role.PLANNER, Role.VIEWER, Role.WORKER])
def test_only_who_leads_linkups_takes_charge(
    client: TestClient, sign_in: SignIn, role: Role
) -> None:
    worker = town.WORKERS["N1"] if role is Role.WORKER else None
    answer = client.get("/duty", headers=sign_in(role, worker=worker))
    assert (answer.status_code, answer.json()["code"]) == (403, "role.not_allowed")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_policy_and_a_nonce_of_its_own(
    client: TestClient, sign_in: SignIn, page: str
) -> None:
    headers = sign_in(Role.ADMIN)
    first, second = (client.get(page, headers=headers) for _ in range(2))
    nonces = []
    for answer in (first, second):
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        (nonce,) = set(re.findall(r"'nonce-([\w-]+)'", policy))
        nonces.append(nonce)
        inline = re.findall(
            r"<(?:script|style)\b(?![^>]*(?:src=|application/json))[^>]*>", answer.text
        )
        assert all(f'nonce="{nonce}"' in tag for tag in inline)
        assert not re.search(r"<[^>]+\son\w+\s*=", answer.text), "an inline handler"
        assert not re.search(r"<[^>]+\sstyle\s*=", answer.text), "an inline style"
        assert offline(answer.text) == []
    assert nonces[0] != nonces[1]


def test_a_worker_has_no_wall(client: TestClient, sign_in: SignIn) -> None:
    answer = client.get("/wall", headers=sign_in(Role.WORKER, worker=town.WORKERS["N1"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "role.not_allowed")


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in (Role.ADMIN, Role.DISPATCHER)]
)
def test_the_desk_is_the_officers(client: TestClient, sign_in: SignIn, role: Role) -> None:
    worker = town.WORKERS["N1"] if role is Role.WORKER else None
    answer = client.get("/desk", headers=sign_in(role, worker=worker))
    assert (answer.status_code, answer.json()["code"]) == (403, "role.not_allowed")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.PLANNER)])
def test_the_planner_page_is_the_planners(client: TestClient, sign_in: SignIn, role: Role) -> None:
    worker = town.WORKERS["N1"] if role is Role.WORKER else None
    answer = client.get("/planner", headers=sign_in(role, worker=worker))
    assert (answer.status_code, answer.json()["code"]) == (403, "role.not_allowed")


@pytest.mark.parametrize(("role", "page"), [(Role.PLANNER, "/planner"), (Role.SUPERVISOR, "/duty")])
def test_the_wall_leads_to_the_page_that_is_ones_own(
    client: TestClient, sign_in: SignIn, role: Role, page: str
) -> None:
    def leads(role: Role) -> bool:
        return f'href="{page}"' in client.get("/wall", headers=sign_in(role)).text

    assert leads(role)
    assert not leads(Role.VIEWER)


def test_the_record_of_an_incident_is_for_those_in_its_area(
    client: TestClient, sign_in: SignIn
) -> None:
    id = str(uuid4())
    body = {
        "id": id,
        "title": "枯树",
        "category": "突发事件",
        "severity": "normal",
        "place": {"cell": town.N1},
    }
    officer = sign_in(Role.DISPATCHER)
    assert client.post("/api/v1/incidents", json=body, headers=officer).status_code == 201
    path = f"/incidents/{id}"
    shown = client.get(path, headers=sign_in(Role.SUPERVISOR, scope="210503101"))
    assert shown.status_code == 200
    assert offline(shown.text) == []
    assert client.get(path, headers=sign_in(Role.VIEWER)).status_code == 403
    elsewhere = client.get(path, headers=sign_in(Role.SUPERVISOR, scope="210503102"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "incident.not_found")
    assert client.get("/desk", headers=officer).status_code == 200


HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status"), [("/wall", 403), ("/nope", 404), ("/openapi.json", 401)]
)
def test_a_person_reads_a_problem_as_a_page(
    client: TestClient, sign_in: SignIn, path: str, status: int
) -> None:
    headers = {} if status == 401 else sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    answer = client.get(path, headers={**headers, **HTML, "accept-language": "en-GB"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "'nonce-" in answer.headers["content-security-policy"]
    assert '<html lang="en">' in answer.text
    assert 'href="/login"' in answer.text
    assert offline(answer.text) == []
    for_scripts = client.get(path, headers=headers)
    assert for_scripts.headers["content-type"] == "application/problem+json"


def test_a_worker_begins_at_his_own_page(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.WORKER, worker=town.WORKERS["N1"])
    home = client.get("/", headers=headers, follow_redirects=False)
    assert home.headers["location"] == "/worker"
    assert client.get("/worker", headers=headers).status_code == 200
    assert client.get("/worker", headers=sign_in(Role.DISPATCHER)).status_code == 403
    own = client.get("/me", headers=headers)
    assert own.status_code == 200
    assert f'"/api/v1/workers/{town.WORKERS["N1"]}"' in own.text
    others = client.get("/me", headers=sign_in(Role.DISPATCHER), follow_redirects=False)
    assert others.headers["location"] == "/wall"


def test_the_icon_is_where_browsers_look(client: TestClient) -> None:
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_the_document_is_for_those_signed_in(client: TestClient, sign_in: SignIn) -> None:
    assert client.get("/openapi.json").status_code == 401
    described = client.get("/openapi.json", headers=sign_in(Role.VIEWER)).json()
    assert "/api/v1/live" in described["paths"]
    assert "/wall" not in described["paths"]


def test_files_of_a_pinned_version_are_kept_for_good(client: TestClient) -> None:
    leaflet = client.get("/static/vendor/leaflet@1.9.4/dist/leaflet.js")
    assert leaflet.status_code == 200
    assert "immutable" in leaflet.headers["cache-control"]
    ours = client.get("/static/wall.js")
    assert ours.headers["cache-control"] == "no-cache"
    again = client.get("/static/wall.js", headers={"if-none-match": ours.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/../wall.py").status_code == 404


def test_the_ground_is_cached_by_content_and_cut_to_scope(
    client: TestClient, sign_in: SignIn
) -> None:
    whole, part = sign_in(Role.VIEWER), sign_in(Role.SUPERVISOR, scope="210503102")
    answer = client.get("/api/v1/basemap/cells", headers=whole)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["features"]) == 9
    unchanged = {**whole, "if-none-match": answer.headers["etag"]}
    assert client.get("/api/v1/basemap/cells", headers=unchanged).status_code == 304
    below = client.get("/api/v1/basemap/cells", headers={**part, "accept-encoding": "identity"})
    assert "content-encoding" not in below.headers
    codes = [feature["properties"]["code"] for feature in below.json()["features"]]
    assert codes == [f"210503102001{n:03d}" for n in (1, 2, 3)]
    assert len(client.get("/api/v1/basemap/buildings", headers=part).json()["features"]) == 3
    assert client.get("/api/v1/basemap/clouds", headers=whole).status_code == 422
