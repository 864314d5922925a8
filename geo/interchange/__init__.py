# SPDX-License-Identifier: Apache-2.0
"""Shapefile, GeoPackage and GeoJSON in and out; every repair reported, none silent."""
