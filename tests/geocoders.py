# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the outside geocoders: local servers that speak as the real ones document."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Speaker:
    """A server that gives one answer to everything, and remembers what it was asked."""

    says: Any
    """JSON, or bytes that are sent as they are."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    held: threading.Event | None = None
    """It says nothing before this is set; the end of the block sets it."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    origin: str = ""


@contextmanager
def speaking(speaker: Speaker) -> Iterator[Speaker]:
    """Serve it on a port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: said[0] for name, said in parse_qs(address.query).items()}
            speaker.asked.append((address.path, query))
            time.sleep(speaker.after_s)
            if speaker.held is not None:
                speaker.held.wait()
            said = speaker.says
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            try:
                self.send_response(speaker.status)
                self.send_header("content-length", str(len(body)))
                for name, value in speaker.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # nobody waits any more

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    speaker.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield speaker
    finally:
        if speaker.held is not None:
            speaker.held.set()
        server.shutdown()
        thread.join()
        server.server_close()


def nominatim(*places: tuple[str, float, float]) -> list[dict[str, Any]]:
    """What `/search?format=jsonv2` answers."""
    return [
        {
            "place_id": 100 + number,
            "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
            "osm_type": "way",
            "osm_id": 200 + number,
            "lat": f"{lat:.7f}",
            "lon": f"{lon:.7f}",
            "category": "building",
            "type": "apartments",
            "place_rank": 30,
            "importance": 0.00009,
            "addresstype": "building",
            "name": "",
            "display_name": label,
            "boundingbox": ["41.0", "41.1", "123.0", "123.1"],
        }
        for number, (label, lon, lat) in enumerate(places)
    ]


def photon(street: str, number: str, lon: float, lat: float) -> dict[str, Any]:
    """What `/api` answers."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {
                    "osm_type": "W",
                    "osm_id": 1,
                    "osm_key": "building",
                    "osm_value": "yes",
                    "type": "house",
                    "countrycode": "CN",
                    "housenumber": number,
                    "street": street,
                    "city": "本溪市",
                    "country": "中国",
                    "extent": [lon, lat, lon, lat],
                },
            }
        ],
    }


def tianditu(label: str, lon: float, lat: float) -> dict[str, Any]:
    """What `/geocoder?ds=` answers; in CGCS2000."""
    return {
        "msg": "ok",
        "location": {
            "score": 95,
            "level": "门址",
            "lon": f"{lon:.7f}",
            "lat": f"{lat:.7f}",
            "keyWord": label,
        },
        "searchVersion": "6.4.9V",
        "status": "0",
    }


def amap(label: str, lon: float, lat: float) -> dict[str, Any]:
    """What `/v3/geocode/geo` answers; in GCJ-02."""
    return {
        "status": "1",
        "info": "OK",
        "infocode": "10000",
        "count": "1",
        "geocodes": [
            {
                "formatted_address": label,
                "country": "中国",
                "province": "辽宁省",
                "citycode": "0414",
                "city": "本溪市",
                "district": "溪湖区",
                "township": [],
                "neighborhood": {"name": [], "type": []},
                "building": {"name": [], "type": []},
                "adcode": "210503",
                "street": [],
                "number": [],
                "location": f"{lon:.6f},{lat:.6f}",
                "level": "门牌号",
            }
        ],
    }
