# SPDX-License-Identifier: Apache-2.0
"""Everything about one incident on a sheet of paper."""

from typing import Any

from maps.page import page_data, render


def incident_sheet(district: str, data: dict[str, Any]) -> str:
    """The page, with a placeholder for its nonce; `data` are JSON values for its script."""
    return render("incident_sheet.html", district=district, data=page_data(data))
