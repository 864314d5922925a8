# SPDX-License-Identifier: Apache-2.0
"""One module a domain: parse, call one action or query, answer."""
