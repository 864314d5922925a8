# SPDX-License-Identifier: Apache-2.0
"""https for every address but loopback: a small CA of this installation's own.

The CA may sign for this one host alone (name constraints), so that somebody who steals its key
cannot impersonate other sites to the phones that trust it.
"""

import datetime
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from geo.service_user import ServiceUser

CA_DAYS = 3650
# Phones refuse certificates that live longer than about 13 months.
SERVER_DAYS = 390
RENEW_BEFORE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of this installation: ``ca`` is what a phone is given to trust."""

    ca: Path
    certificate: Path
    key: Path


def ensure_certificates(
    directory: Path, host: str, user: ServiceUser, now: datetime.datetime
) -> Certificates:
    """The certificates for ``host``; made or renewed when missing, near their end, or for another.

    ``now`` is an aware instant. Keys are 0600: the CA's belongs to who runs this, the server's to
    ``user``. A new CA is made only when its host changes, since every phone must then trust it.
    """
    files = Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    ca_key = directory / "ca.key"
    directory.mkdir(mode=0o711, exist_ok=True)
    directory.chmod(0o711)
    names = _names(host)
    if not _serves(files.ca, names, now, constrained=True) or not ca_key.exists():
        _make_ca(files.ca, ca_key, names, now)
    if not _serves(files.certificate, names, now) or not files.key.exists():
        _make_server(files, ca_key, names, now)
    if os.geteuid() == 0:
        os.chown(files.key, user.uid, user.gid, follow_symlinks=False)
    return files


def _names(host: str) -> list[x509.GeneralName]:
    """What this host is called from outside; for "all addresses" every one that we know of."""
    names: list[x509.GeneralName] = []
    unspecified = False
    try:
        address = ipaddress.ip_address(host)
        unspecified = address.is_unspecified
        if not unspecified:
            names.append(x509.IPAddress(address))
    except ValueError:
        names.append(x509.DNSName(host))
    if unspecified:
        names.append(x509.DNSName(socket.gethostname()))
        names += [x509.IPAddress(found) for found in _own_addresses()]
    names += [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return names


def _own_addresses() -> list[ipaddress.IPv4Address]:
    """The address that this machine speaks to a network from, if it is on one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: it only asks the routing table. 192.0.2.1 is nobody's.
            probe.connect(("192.0.2.1", 9))
            found.append(ipaddress.IPv4Address(probe.getsockname()[0]))
        except OSError:
            pass  # on no network
    return [address for address in found if not address.is_loopback]


def outside_name(host: str) -> str:
    """``host``, or for "all addresses" one that others can reach."""
    if host not in {"0.0.0.0", "::"}:  # noqa: S104  (compared, not bound)
        return host
    return next((str(address) for address in _own_addresses()), socket.gethostname())


def _constraint(name: x509.GeneralName) -> x509.GeneralName:
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(str(name.value)))
    return name


def _serves(
    path: Path, names: list[x509.GeneralName], now: datetime.datetime, *, constrained: bool = False
) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    if certificate.not_valid_after_utc - now < datetime.timedelta(days=RENEW_BEFORE_DAYS):
        return False
    if constrained:
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        permitted = limits.permitted_subtrees or []
        return all(_constraint(name) in permitted for name in names)
    served = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return all(name in served for name in names)


def _make_ca(
    path: Path, key_path: Path, names: list[x509.GeneralName], now: datetime.datetime
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"wangge {_title(names)}")])
    certificate = (
        _builder(name, name, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.NameConstraints([_constraint(name) for name in names], None), critical=True
        )
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    _write(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_server(
    files: Certificates, ca_key_path: Path, names: list[x509.GeneralName], now: datetime.datetime
) -> None:
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_path.read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{ca_key_path} is not a key of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _title(names))])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(files.key, key)
    pem = serialization.Encoding.PEM
    _write(files.certificate, certificate.public_bytes(pem) + ca.public_bytes(pem), 0o644)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # An hour back: phones' clocks differ.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _title(names: list[x509.GeneralName]) -> str:
    return str(names[0].value)[:50]


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(path, content, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    new = path.with_suffix(path.suffix + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as written:
        written.write(content)
        os.fchmod(written.fileno(), mode)
    new.replace(path)
