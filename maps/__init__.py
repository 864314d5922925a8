# SPDX-License-Identifier: Apache-2.0
"""Draws with folium what it is handed. Knows nothing of the database."""
