# SPDX-License-Identifier: Apache-2.0
"""The second proof: what a QR code at a door says, signed by the installation that printed it.

A token is 40 bytes in base32, 64 characters of the QR code's alphanumeric mode:

    1 byte   version, 1
    3 bytes  district, its six digits as a number
   16 bytes  checkpoint, a UUID
    4 bytes  number of the code, from 1; a new print at the same door has a higher one
   16 bytes  HMAC-SHA-256 (RFC 2104, FIPS 180-4) of the above, its first 128 bits
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from geo.ids import CheckpointId, DistrictCode

KEY_BYTES = 32
_VERSION = 1
_TAG_BYTES = 16
_TOKEN_LENGTH = 64
# What is signed says what it is for: the key signs nothing else by accident.
_PURPOSE = b"wangge proof of a checkpoint\x00"


class ProofState(StrEnum):
    """What a check-in's second proof is worth.

    A check-in at a checkpoint that asks for none and gives none has no state.
    """

    VALID = "valid"
    INVALID = "invalid"
    """Not signed by us, or for another door."""
    REPLACED = "replaced"
    """Signed by us for this door, on a print that had been replaced by then."""
    MISSING = "missing"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class ProofCode:
    """A code for a door. What its print says is `token`; `replaced_at` when a newer one hangs."""

    checkpoint: CheckpointId
    number: int
    token: str
    issued_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True)
class SignedProof:
    """What a token that we signed says."""

    district: DistrictCode
    checkpoint: CheckpointId
    number: int


def proof_token(key: bytes, district: DistrictCode, checkpoint: CheckpointId, number: int) -> str:
    """The token of a code for a door: 64 characters of A-Z and 2-7."""
    body = b"".join(
        (
            bytes([_VERSION]),
            int(district).to_bytes(3),
            checkpoint.bytes,
            number.to_bytes(4),
        )
    )
    return b32encode(body + _tag(key, body)).decode("ascii")


def read_proof(key: bytes, token: str) -> SignedProof | None:
    """What a token says, provided that we signed it; compared in constant time."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    try:
        said = b32decode(token)
    except ValueError:
        return None
    body, tag = said[:-_TAG_BYTES], said[-_TAG_BYTES:]
    if not hmac.compare_digest(_tag(key, body), tag) or body[0] != _VERSION:
        return None
    return SignedProof(
        DistrictCode(f"{int.from_bytes(body[1:4]):06d}"),
        CheckpointId(UUID(bytes=body[4:20])),
        int.from_bytes(body[20:]),
    )


def proof_state(
    said: SignedProof | None,
    district: DistrictCode,
    checkpoint: CheckpointId,
    replaced: Mapping[int, datetime | None],
    observed_at: datetime,
) -> ProofState:
    """What a signed proof is worth at a door, at the instant of observation.

    `replaced` are the codes issued for the door, each with the instant of its replacement. A number
    above all of them was issued by us and forgotten, by a backup that was restored: it counts.
    """
    if said is None or (said.district, said.checkpoint) != (district, checkpoint):
        return ProofState.INVALID
    if said.number not in replaced:
        forgotten = said.number > max(replaced, default=0)
        return ProofState.VALID if forgotten else ProofState.INVALID
    ended = replaced[said.number]
    return ProofState.VALID if ended is None or observed_at < ended else ProofState.REPLACED


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + body, hashlib.sha256).digest()[:_TAG_BYTES]
