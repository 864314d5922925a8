# SPDX-License-Identifier: Apache-2.0
"""Workers, assignments and duty as values."""

from enum import StrEnum

from geo.errors import NotFound


class AssignmentRole(StrEnum):
    """As what a worker is assigned to a cell."""

    HOLDER = "holder"
    ASSISTANT = "assistant"
    STAND_IN = "stand_in"
    GRID_LEADER = "grid_leader"


class WorkerNotFound(NotFound):
    """No such worker in this district."""

    code = "worker.not_found"
