# SPDX-License-Identifier: Apache-2.0
"""Latest positions and tracks: in duty time only, and for a limited time."""
