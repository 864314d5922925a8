# SPDX-License-Identifier: Apache-2.0
"""What a draft would change before it is adopted: people, duty, open matters, past verdicts."""
