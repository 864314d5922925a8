# SPDX-License-Identifier: Apache-2.0
"""District > subdistrict > community > cell > building group, in plans that are valid in time."""
