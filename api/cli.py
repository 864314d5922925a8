# SPDX-License-Identifier: Apache-2.0
"""The command line of the product. Each subcommand imports what it needs when it is called, so
that none waits for the others' libraries."""


def main() -> None:
    print("hi")
