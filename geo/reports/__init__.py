# SPDX-License-Identifier: Apache-2.0
"""What the records say over time: by hour and by area, never by person."""
