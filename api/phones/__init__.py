# SPDX-License-Identifier: Apache-2.0
"""The languages of phones that exist, read into typed values; nothing here asks a database."""
