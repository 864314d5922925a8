# SPDX-License-Identifier: Apache-2.0
"""Every door of the product: HTTP, live feed, command line, clockwork."""
