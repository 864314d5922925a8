# SPDX-License-Identifier: Apache-2.0
"""The street network that people walk on: how far it is on foot from one place to another."""
