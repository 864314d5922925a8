# SPDX-License-Identifier: Apache-2.0
"""Geocoders outside of this installation: asked by a request of their own, and only if wanted."""
