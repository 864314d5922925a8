# SPDX-License-Identifier: Apache-2.0
"""Playing a simulated day through the public API, its only door."""
