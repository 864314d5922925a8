# SPDX-License-Identifier: Apache-2.0
"""Speaking with each other about an incident: the text channel, and the voice call."""
