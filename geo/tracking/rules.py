# SPDX-License-Identifier: Apache-2.0
"""Positions and tracks as values."""
