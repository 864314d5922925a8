# SPDX-License-Identifier: Apache-2.0
"""Local names and addresses to places with a score; no network."""
