# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, check-in verdicts, work logs and the patrol day."""
