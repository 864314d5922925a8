# SPDX-License-Identifier: Apache-2.0
"""Made-up towns and days, pure: the same seed gives the same world. No database, no HTTP, no clock."""
