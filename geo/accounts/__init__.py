# SPDX-License-Identifier: Apache-2.0
"""Accounts, sessions, paired devices, and who may do what."""
