# SPDX-License-Identifier: Apache-2.0
"""Made-up towns and days, pure: one seed, one world. No database, no HTTP, no clock."""
