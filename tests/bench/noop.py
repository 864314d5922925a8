# SPDX-License-Identifier: Apache-2.0
"""The ceiling of a check-in over HTTP: the same body parsed by FastAPI, and nothing done.

`python -m tests.bench.noop NUMBER FD...` serves it on open sockets as `api.serve` does the product.
"""

import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.cores import keep_to_core
from api.routes.check_ins import CheckInBody

app = FastAPI(openapi_url=None)


@app.post("/api/v1/check-ins")
async def nothing(body: CheckInBody) -> dict[str, Any]:
    """Parse and forget."""
    return {}


def main() -> None:
    number, *descriptors = map(int, sys.argv[1:])
    keep_to_core(number, len(descriptors))
    # By its descriptor alone uvicorn would take it for a UNIX socket: without TCP_NODELAY every
    # answer waits 40 ms for an acknowledgement.
    listening = socket.socket(fileno=descriptors[number])
    configuration = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
    uvicorn.Server(configuration).run(sockets=[listening])


if __name__ == "__main__":
    main()
