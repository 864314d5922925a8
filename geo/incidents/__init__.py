# SPDX-License-Identifier: Apache-2.0
"""Reported incidents, the people near them, and the instant linkup."""
