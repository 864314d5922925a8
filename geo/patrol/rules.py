# SPDX-License-Identifier: Apache-2.0
"""Check-in evidence, policy and verdict as values."""
