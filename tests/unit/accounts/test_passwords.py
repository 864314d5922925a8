# SPDX-License-Identifier: Apache-2.0
"""What it costs to try a password."""

from pwdlib import PasswordHash

from geo.accounts.actions import _NOBODY


def cost(stored: str) -> str:
    """The algorithm and its parameters."""
    return stored.rsplit("$", 2)[0]


def test_trying_a_password_is_costly_whether_or_not_the_name_is_known(
    costly_passwords: PasswordHash,
) -> None:
    stored = costly_passwords.hash("a town password 1")
    # The second set of RFC 9106: 64 MiB, three passes.
    assert cost(stored) == "$argon2id$v=19$m=65536,t=3,p=4"
    assert cost(_NOBODY) == cost(stored)
    assert len(_NOBODY) == len(stored)
    assert costly_passwords.verify("a town password 1", stored)
    assert not costly_passwords.verify("a town password 1", _NOBODY)
