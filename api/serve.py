# SPDX-License-Identifier: Apache-2.0
"""``python -m api.serve FD``: one process of the HTTP service, on a socket that `up` listens on.

All processes of the service accept from that one socket, so a restarted one misses no connection,
and the port is opened before root is given up.
"""

import os
import socket
import sys

import uvicorn

from api.logs import configure
from geo.settings import Settings


def main() -> None:
    configure()
    settings = Settings()
    listening = socket.socket(fileno=int(sys.argv[1]))
    certificate = os.environ.get("WANGGE_TLS_CERTIFICATE")
    configuration = uvicorn.Config(
        "api.main:create_app",
        factory=True,
        loop="uvloop",
        http="httptools",
        access_log=False,
        # Streams to open pages never end by themselves.
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ssl_certfile=certificate,
        ssl_keyfile=os.environ.get("WANGGE_TLS_KEY"),
        # A proxy in front is somebody's decision, made through FORWARDED_ALLOW_IPS.
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        server_header=False,
    )
    uvicorn.Server(configuration).run(sockets=[listening])


if __name__ == "__main__":
    main()
