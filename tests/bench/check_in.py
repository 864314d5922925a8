# SPDX-License-Identifier: Apache-2.0
"""Single check-ins over HTTP, as a ratio to a FastAPI no-op with the same body, in one run.

The demo district with 314 phones of workers on duty, each checking in within its worker's cell.
Two processes, 64 keep-alive connections (wrk), fsync on. The two are measured in turn; the ratio is
taken pair by pair and its median told.

    python -m tests.bench.check_in [--rounds 5] [--seconds 8]
"""

import argparse
import json
import re
import statistics
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from api.demo import DISTRICT, load
from geo.hierarchy.queries import areas, plan_in_force
from geo.ids import Level, WorkerId
from tests.bench.servers import (
    begin_duty,
    database,
    durable_database,
    serving,
    serving_noop,
    settle,
)

SCRIPT = """
local number = 0
local thread_number = 0
function setup(thread)
  thread:set("name", thread_number)
  thread_number = thread_number + 1
end
function init(args)
  math.randomseed({seed} + name)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end
local phones = {phones}
function request()
  number = number + 1
  local id = string.format("%08x-%04x-4%03x-8%03x-%012x", math.random(0, 0x7fffffff),
    math.random(0, 0xffff), math.random(0, 0xfff), math.random(0, 0xfff), number)
  local phone = phones[math.random(#phones)]
  wrk.headers["Authorization"] = "Bearer " .. phone[1]
  return wrk.format(nil, nil, nil, string.format('{body}', id, phone[2], phone[3], phone[4]))
end
local bad = 0
function response(status)
  if status ~= 201 and status ~= 200 then bad = bad + 1; print("status " .. status) end
end
"""


def pressed(address: str, script: Path, seconds: float) -> tuple[float, float, int]:
    """Requests a second, p99 in ms, and how many answers were not 200 or 201."""
    said = subprocess.run(
        [
            "wrk",
            "-t2",
            "-c64",
            f"-d{seconds:.0f}s",
            "--latency",
            "-s",
            str(script),
            f"{address}/api/v1/check-ins",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
    p99 = float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    return rate, p99, said.count("status ")


def lua_phones(url: str, home: Path) -> str:
    """The simulation's phones as a Lua table: token, worker, a point in his cell."""
    phones = json.loads((home / "simulation.json").read_text())["phones"]
    with database(url) as opened:
        begin_duty(opened, [WorkerId(UUID(phone["worker"])) for phone in phones])
    with database(url) as opened, opened.snapshot() as session:
        plan = plan_in_force(session, DISTRICT, datetime.now(UTC).date())
        cells = {
            cell.code: cell.boundary.representative_point()
            for cell in areas(session, DISTRICT, plan.id, level=Level.CELL)
            if cell.boundary is not None
        }
    rows = [
        f'{{"{phone["token"]}","{phone["worker"]}",{point.x:.7f},{point.y:.7f}}}'
        for phone in phones
        for point in [cells[phone["cell"]]]
    ]
    return "{" + ",".join(rows) + "}"


def main() -> None:
    """Measure and print one line a round, then the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    asked = parser.parse_args()
    with durable_database() as url, tempfile.TemporaryDirectory() as place:
        load(url, Path(place), "http://127.0.0.1")
        phones = lua_phones(url, Path(place))
        settle(url)
        with serving(url) as ours, serving_noop() as ceiling:
            rounds = []
            for number in range(asked.rounds + 1):
                now = datetime.now(UTC).isoformat()
                body = (
                    '{"id": "%s", "worker": "%s", "checkpoint": null, "fix": {"lon": %.7f,'
                    f' "lat": %.7f, "accuracy_m": 8.0, "observed_at": "{now}"' + "}}"
                )
                script = Path(place) / f"{number}.lua"
                script.write_text(
                    SCRIPT.replace("{seed}", str(number * 1000))
                    .replace("{phones}", phones)
                    .replace("{body}", body)
                )
                noop_rate, noop_p99, _ = pressed(ceiling, script, asked.seconds)
                rate, p99, bad = pressed(ours, script, asked.seconds)
                if number == 0:
                    continue  # a warm-up
                rounds.append((rate / noop_rate, rate, noop_rate, p99 / noop_p99))
                print(
                    f"round {number}: {rate:7.0f}/s of {noop_rate:7.0f}/s = {rate / noop_rate:.3f}"
                    f"  p99 {p99:.0f} ms of {noop_p99:.0f} ms, {bad} refused"
                )
    ratios = [found[0] for found in rounds]
    print(
        f"median ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}),"
        f" median {statistics.median(found[1] for found in rounds):.0f}/s"
        f" of {statistics.median(found[2] for found in rounds):.0f}/s,"
        f" p99 ratio {statistics.median(found[3] for found in rounds):.1f}"
    )


if __name__ == "__main__":
    main()
