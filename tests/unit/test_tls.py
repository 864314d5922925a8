# SPDX-License-Identifier: Apache-2.0
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from api.tls import Certificates, ensure_certificates
from geo.service_user import service_user

NOW = datetime.now(UTC)


def shake_hands(files: Certificates, name: str) -> None:
    """A TLS handshake in which the client trusts our CA alone and asks for ``name``."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.ca))
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(there, server_side=True):
                pass
        except OSError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname=name):
            pass
    finally:
        here.close()
        thread.join()


def test_a_client_that_trusts_the_ca_is_served(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path / "keys", "192.168.7.7", service_user(), NOW)
    shake_hands(files, "192.168.7.7")
    shake_hands(files, "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(files, "192.168.7.8")


def test_keys_are_closed_and_the_authority_is_bound_to_this_host(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path / "keys", "grid.example", service_user(), NOW)
    for key in (files.key, tmp_path / "keys" / "ca.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    limits = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert x509.DNSName("grid.example") in (limits.value.permitted_subtrees or [])


def test_nothing_changes_until_the_end_is_near_or_the_host_is_another(tmp_path: Path) -> None:
    user = service_user()

    def after(days: int, host: str = "grid.example") -> tuple[bytes, bytes]:
        files = ensure_certificates(tmp_path / "keys", host, user, NOW + timedelta(days=days))
        return files.ca.read_bytes(), files.certificate.read_bytes()

    first = after(0)
    assert after(300) == first
    renewed = after(370)
    # Phones go on trusting the same authority.
    assert renewed[0] == first[0]
    assert renewed[1] != first[1]
    assert after(370, "other.example")[0] != first[0]
