# SPDX-License-Identifier: Apache-2.0
"""QR codes as SVG: black on white, whatever the page around them."""

import segno


def qr_code(text: str) -> str:
    """An <svg> element of a QR code that still reads with a quarter of it scratched off."""
    made = segno.make(text, error="q", micro=False, boost_error=False)
    return made.svg_inline(border=4, omitsize=True, dark="#000", light="#fff")
