# SPDX-License-Identifier: Apache-2.0
"""Settling: what a worker's day comes to once its fixes are in, whatever order they came in."""
