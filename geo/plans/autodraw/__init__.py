# SPDX-License-Identifier: Apache-2.0
"""Cells drawn by themselves: balanced, whole, along streets, over no barrier where that can be.

A community is cut into atoms (`atoms`), a drawing says which atoms make which cell (`composing`, by
the trees of gerrychain and small steps), and becomes exact cells of a division (`placing`).
"""

from geo.plans.autodraw.drawing import draw
from geo.plans.autodraw.rules import HOUSEHOLDS, Balance, DrawingCancelled, Drawn, workload
from geo.plans.autodraw.summing import measured

__all__ = ["HOUSEHOLDS", "Balance", "DrawingCancelled", "Drawn", "draw", "measured", "workload"]
