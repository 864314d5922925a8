# SPDX-License-Identifier: Apache-2.0
"""Grid workers, their duty, and who holds which cell during which interval."""
