# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers for made-up people, which ring nobody."""

# 024 is the area code of Benxi and Shenyang. In China's numbering plan 0 as a first digit leads to
# another area, so no number inside an area begins with it and none of these can ever be assigned.
# Not 1: 110, 119 and 12345 answer behind an area code, too. Mobile numbers that nobody has today
# may be given out tomorrow.
_NOBODYS = "024-0"


def telephone(digits: str) -> str:
    """A made-up number that ends with these seven digits.

    >>> telephone("1234567")
    '024-01234567'
    """
    if len(digits) != 7:
        raise ValueError(f"{digits} has not seven digits")
    return _NOBODYS + digits


def of_holder(cell: str) -> str:
    """The number of a cell's holder: each of up to 99 cells a community has one of its own."""
    return telephone(cell[7:12] + cell[13:15])


def of_caller(number: int) -> str:
    """The number of somebody who calls, 0 to 999,999; no holder has it."""
    return telephone(f"9{number:06d}")
