# SPDX-License-Identifier: Apache-2.0
"""Long work that somebody asked for: it goes on in a process of its own and shows how far it is."""
