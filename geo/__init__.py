# SPDX-License-Identifier: Apache-2.0
"""The domain: the district, its grid and its people, kept in PostGIS. Knows nothing of HTTP."""
