# SPDX-License-Identifier: Apache-2.0
"""Outside geocoders: asked by a request of their own, and never a condition of the local answer."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.geocoders.asking import ANSWER_LIMIT, AT_ONCE, Outside, OutsideFailed
from api.geocoders.services import SERVICES, Question, Service, chosen
from geo.accounts.rules import Role
from geo.crs import wgs84_to_gcj02
from geo.errors import Busy
from geo.settings import OutsideGeocoder, Settings
from tests import geocoders, town
from tests.conftest import SignIn
from tests.geocoders import Speaker, speaking

LON, LAT = town.point(50, 266)
URL = "/api/v1/geocode/outside"
QUESTION = Question("彩虹街10号楼", (LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01), "210503", 5)
AMAP, NOMINATIM = OutsideGeocoder.AMAP, OutsideGeocoder.NOMINATIM
PHOTON, TIANDITU = OutsideGeocoder.PHOTON, OutsideGeocoder.TIANDITU
REFUSED, UNREADABLE = "geocode.outside_refused", "geocode.outside_unreadable"
Stand = Callable[..., Speaker]


@pytest.fixture
def stand() -> Iterator[Stand]:
    """Start a stand-in; it ends with the test."""
    with ExitStack() as running:
        yield lambda *said, **more: running.enter_context(speaking(Speaker(*said, **more)))


def at(name: OutsideGeocoder, speaker: Speaker, **more: Any) -> Service:
    """The geocoder as in the product's list, with the stand-in in its place."""
    more = {"least_interval_s": 0.0, "key": "a-key", **more}
    return replace(SERVICES[name], origin=speaker.origin, **more)


def switch_on(client: TestClient, *services: Service, **more: Any) -> None:
    client.app.state.outside = Outside(services, **more)  # type: ignore[attr-defined]


def everybody(stand: Stand) -> dict[OutsideGeocoder, Speaker]:
    """All four, each saying where the house is in its own system."""
    label = "辽宁省本溪市溪湖区彩虹街10号楼"
    displaced = wgs84_to_gcj02(np.array([LON]), np.array([LAT]))
    return {
        NOMINATIM: stand(geocoders.nominatim((label, LON, LAT))),
        PHOTON: stand(geocoders.photon("彩虹街", "10", LON, LAT)),
        TIANDITU: stand(geocoders.tianditu(label, LON, LAT)),
        AMAP: stand(geocoders.amap(label, *(float(of[0]) for of in displaced))),
    }


def test_each_finds_the_house_in_our_coordinates(
    client: TestClient, sign_in: SignIn, stand: Stand
) -> None:
    speakers = everybody(stand)
    switch_on(client, *(at(name, speaker) for name, speaker in speakers.items()))
    answer = client.get(f"{URL}?q=彩虹街10号楼", headers=sign_in(Role.DISPATCHER))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["failed"] == []
    assert [item["geocoder"] for item in said["items"]] == [name.value for name in speakers]
    for item in said["items"]:
        # AMap says six decimals.
        assert (item["lon"], item["lat"]) == pytest.approx((LON, LAT), abs=2e-6)
        assert item["cell"] == town.N1
        assert "彩虹街" in item["label"]
        assert item["kind"]
        assert item["credit"]


def test_each_is_asked_as_it_documents(client: TestClient, sign_in: SignIn, stand: Stand) -> None:
    speakers = everybody(stand)
    switch_on(client, *(at(name, speaker) for name, speaker in speakers.items()))
    client.get(f"{URL}?q=彩虹街10号楼&limit=3", headers=sign_in(Role.DISPATCHER))
    asked = {name: speaker.asked[0] for name, speaker in speakers.items()}
    path, query = asked[NOMINATIM]
    west, south, east, north = map(float, query["viewbox"].split(","))
    assert west < LON < east
    assert south < LAT < north
    assert (path, query["q"], query["format"]) == ("/search", "彩虹街10号楼", "jsonv2")
    assert (query["limit"], query["bounded"]) == ("3", "1")
    path, query = asked[PHOTON]
    assert (path, query["q"], query["limit"]) == ("/api", "彩虹街10号楼", "3")
    assert "bbox" in query
    path, query = asked[TIANDITU]
    assert (path, query["tk"]) == ("/geocoder", "a-key")
    assert json.loads(query["ds"]) == {"keyWord": "彩虹街10号楼"}
    path, query = asked[AMAP]
    assert (path, query["key"], query["city"]) == ("/v3/geocode/geo", "a-key", "210500")
    assert query["address"] == "彩虹街10号楼"


def test_off_unless_switched_on(client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(Role.DISPATCHER)
    answer = client.get(f"{URL}?q=彩虹街", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "geocode.outside_off")
    assert client.get("/api/v1/geocode?q=彩虹街10号楼", headers=headers).json()["items"]


def test_texts_leave_by_those_who_take_calls_alone(
    client: TestClient, sign_in: SignIn, stand: Stand
) -> None:
    speaker = stand([])
    switch_on(client, at(NOMINATIM, speaker))
    for role in (Role.PLANNER, Role.WORKER, Role.VIEWER):
        worker = town.WORKERS["N1"] if role is Role.WORKER else None
        answer = client.get(f"{URL}?q=彩虹街", headers=sign_in(role, worker=worker))
        assert answer.status_code == 403
    assert speaker.asked == []


def test_one_that_fails_costs_its_own_candidates_alone(
    client: TestClient, sign_in: SignIn, stand: Stand
) -> None:
    good = stand(geocoders.nominatim(("彩虹街10号楼", LON, LAT)))
    silent = stand([], held=Event())
    switch_on(client, at(TIANDITU, silent), at(NOMINATIM, good), deadline_s=1.0)
    said = client.get(f"{URL}?q=彩虹街10号楼", headers=sign_in(Role.DISPATCHER)).json()
    assert [item["geocoder"] for item in said["items"]] == ["nominatim"]
    assert said["failed"] == [{"geocoder": "tianditu", "code": "geocode.outside_timeout"}]


def test_the_local_answer_waits_for_nobody(
    client: TestClient, sign_in: SignIn, stand: Stand
) -> None:
    held = Event()
    silent = stand([], held=held)
    switch_on(client, at(NOMINATIM, silent), deadline_s=60.0)
    headers = sign_in(Role.DISPATCHER)
    with ThreadPoolExecutor() as pool:
        outside = pool.submit(client.get, f"{URL}?q=彩虹街10号楼", headers=headers)
        while not silent.asked:
            time.sleep(0.01)
        local = client.get("/api/v1/geocode?q=彩虹街10号楼", headers=headers)
        assert not outside.done()
        held.set()
        assert outside.result().status_code == 200
    assert local.json()["items"][0]["label"] == "彩虹街10号楼"


def test_none_of_them_answers(client: TestClient, sign_in: SignIn, stand: Stand) -> None:
    speaker = stand({"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"})
    switch_on(client, at(AMAP, speaker))
    answer = client.get(f"{URL}?q=彩虹街10号楼", headers=sign_in(Role.DISPATCHER))
    said = answer.json()
    assert (answer.status_code, said["code"]) == (503, "geocode.outside_failed")
    assert said["failed"] == [{"geocoder": "amap", "code": REFUSED}]
    assert answer.headers["retry-after"] == "2"
    assert speaker.origin not in answer.text
    assert "a-key" not in answer.text


@pytest.mark.parametrize(
    ("name", "speaker", "reason"),
    [
        (AMAP, Speaker({"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"}), REFUSED),
        (TIANDITU, Speaker({"code": 301003, "msg": "非法Key"}, status=403), REFUSED),
        (TIANDITU, Speaker({"msg": "服务内部错误", "status": "404"}), REFUSED),
        (NOMINATIM, Speaker({"error": "Too many requests"}, status=429), REFUSED),
        (NOMINATIM, Speaker({"error": {"code": 500, "message": "no"}}), UNREADABLE),
        (NOMINATIM, Speaker(b"<html>down</html>"), UNREADABLE),
        (NOMINATIM, Speaker(b"[" * 100_000), UNREADABLE),
        (PHOTON, Speaker({"features": [{"geometry": {"coordinates": [1]}}]}), UNREADABLE),
        (PHOTON, Speaker(b'{"features": "\xff"}'), UNREADABLE),
        (AMAP, Speaker(geocoders.amap("x", 0, 0) | {"geocodes": [{"location": "1"}]}), UNREADABLE),
        (NOMINATIM, Speaker(b" " * (ANSWER_LIMIT + 1)), "geocode.outside_too_large"),
    ],
)
def test_what_goes_wrong_is_named(name: OutsideGeocoder, speaker: Speaker, reason: str) -> None:
    with speaking(speaker):
        assert failure(at(name, speaker)) == {"geocoder": name.value, "code": reason}


def failure(service: Service) -> dict[str, str]:
    """Why the only geocoder asked gave nothing."""

    async def asked() -> dict[str, str]:
        outside = Outside([service], deadline_s=30.0)
        with pytest.raises(OutsideFailed) as raised:
            await outside.ask(QUESTION)
        await outside.close()
        (failed,) = raised.value.fields["failed"]
        return failed

    return asyncio.run(asked())


def test_nobody_there() -> None:
    with speaking(Speaker([])) as gone:
        pass
    assert failure(at(NOMINATIM, gone))["code"] == "geocode.outside_unreachable"


def test_nobody_is_sent_on_to_another_host(stand: Stand) -> None:
    inside = stand([])
    sent = stand([], status=302, headers={"location": f"{inside.origin}/secret"})
    assert failure(at(NOMINATIM, sent))["code"] == REFUSED
    assert inside.asked == []


def test_nothing_found_is_an_answer(client: TestClient, sign_in: SignIn, stand: Stand) -> None:
    switch_on(
        client,
        at(NOMINATIM, stand([])),
        at(PHOTON, stand({"type": "FeatureCollection", "features": []})),
        at(TIANDITU, stand({"msg": "无结果", "status": "101"})),
        at(AMAP, stand({"status": "1", "info": "OK", "count": "0", "geocodes": []})),
    )
    answer = client.get(f"{URL}?q=无此地", headers=sign_in(Role.DISPATCHER))
    assert (answer.status_code, answer.json()) == (200, {"items": [], "failed": []})


def test_places_elsewhere_and_tricks_in_names_are_left_out(
    client: TestClient, sign_in: SignIn, stand: Stand
) -> None:
    label = "彩虹街\u202e10\x07号楼"
    places = [("北京市", 116.4, 39.9), ("哪里", 1e6, 1e6), (label, LON, LAT), ("", LON, LAT)]
    switch_on(client, at(NOMINATIM, stand(geocoders.nominatim(*places))))
    said = client.get(f"{URL}?q=彩虹街", headers=sign_in(Role.DISPATCHER)).json()
    assert [item["label"] for item in said["items"]] == ["彩虹街10号楼"]


def test_a_pace_is_kept_and_only_so_many_ask_at_a_time(stand: Stand) -> None:
    quick, silent = stand([]), stand([], held=Event())

    async def paced() -> None:
        outside = Outside([at(NOMINATIM, quick, least_interval_s=30.0)], processes=2)
        await outside.ask(QUESTION)
        with pytest.raises(OutsideFailed) as raised:
            await outside.ask(QUESTION)
        (failed,) = raised.value.fields["failed"]
        assert failed["code"] == "geocode.outside_too_soon"
        await outside.close()

    async def crowded() -> None:
        outside = Outside([at(NOMINATIM, silent)], deadline_s=1.0)
        asked = [outside.ask(QUESTION) for _ in range(AT_ONCE + 2)]
        heard = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in heard] == [OutsideFailed] * AT_ONCE + [Busy] * 2
        await outside.close()

    asyncio.run(paced())
    asyncio.run(crowded())


def test_hosts_come_from_the_list_alone() -> None:
    settings = Settings(outside_geocoders=tuple(OutsideGeocoder), tianditu_key="t", amap_key="a")
    found = chosen(settings)
    assert [service.name for service in found] == list(OutsideGeocoder)
    assert all(service.origin.startswith("https://") for service in found)
    assert [service.key for service in found] == ["", "", "t", "a"]
    own = Settings(
        outside_geocoders=(PHOTON,),
        photon_address="http://10.0.0.5:2322/",
        nominatim_address="http://10.0.0.6",
    )
    (photon,) = chosen(own)
    assert (photon.origin, photon.least_interval_s) == ("http://10.0.0.5:2322", 0.0)
