# SPDX-License-Identifier: Apache-2.0
"""``python -m api.leash PARENT MODULE [ARGUMENT ...]``: run a module that ends with its parent.

When `wangge up` is killed outright it cannot stop its children; the kernel then does.
"""

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, module = int(sys.argv[1]), sys.argv[2]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have gone before the kernel knew of our wish.
    if os.getppid() != parent:
        sys.exit("The process that started this one is gone.")
    sys.argv[:] = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
