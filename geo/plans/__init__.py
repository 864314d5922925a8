# SPDX-License-Identifier: Apache-2.0
"""Drafts of the next division: drawn edit by edit, weighed, published from a date."""
