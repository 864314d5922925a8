# SPDX-License-Identifier: Apache-2.0
"""`wangge up` with small stand-ins for service, clockwork and simulation; run by test_up.py.

``python -m tests.up_with_standins HOME PORT [--without-demo]``
"""

import json
import sys
from pathlib import Path

from api.say import Teller
from api.up import Parts, up
from geo.service_user import SetUpError
from geo.settings import Settings


def load_demo(database: str, home: Path, address: str) -> bool:
    accounts = {"dispatcher": {"username": "d", "password": "secret of the demo"}}
    path = home / "demo.json"
    path.write_text(json.dumps({"url": address, "accounts": accounts}))
    path.chmod(0o600)
    return True


def main() -> None:
    home, port, checkout = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    parts = Parts(
        migrate=lambda url: None,
        load_demo=load_demo,
        service="api.standin_service",
        clockwork="api.standin_clockwork",
        jobs="api.standin_clockwork",
        simulation=("api.standin_simulation",),
        history=("api.standin_simulation",),
        code=checkout,
    )
    try:
        up(Settings(home=home, port=port), parts, Teller(), demo="--without-demo" not in sys.argv)
    except SetUpError as error:
        sys.exit(f"wangge: {error}")


if __name__ == "__main__":
    main()
