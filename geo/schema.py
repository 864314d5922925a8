# SPDX-License-Identifier: Apache-2.0
"""Every table of the product in one metadata: what migrations are compared with."""

from typing import Any

from geoalchemy2 import alembic_helpers

from geo import outbox, standing, unsettled
from geo.accounts import tables as accounts
from geo.calls import tables as calls
from geo.columns import Base
from geo.gazetteer import tables as gazetteer
from geo.handover import tables as handover
from geo.hierarchy import tables as hierarchy
from geo.incidents import tables as incidents
from geo.jobs import tables as jobs
from geo.patrol import tables as patrol
from geo.plans import tables as plans
from geo.settling import tables as settling
from geo.tracking import tables as tracking
from geo.walking import tables as walking
from geo.workforce import tables as workforce

TABLES = (
    outbox,
    accounts,
    hierarchy,
    jobs,
    plans,
    gazetteer,
    walking,
    workforce,
    unsettled,
    standing,
    tracking,
    patrol,
    settling,
    incidents,
    calls,
    handover,
)
METADATA = Base.metadata


def ignored(obj: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Whether Alembic should compare an object: not PostGIS's own, no track partition."""
    if type_ == "table" and name is not None and name.startswith("track_fix_"):
        return False
    kept: bool = alembic_helpers.include_object(obj, name, type_, reflected, compare_to)
    return kept
