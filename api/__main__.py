# SPDX-License-Identifier: Apache-2.0
"""``python -m api`` is the command ``wangge``."""

from api.cli import main

if __name__ == "__main__":
    main()
