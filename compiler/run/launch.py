"""The first steps of an agent's process: hand it its sockets as systemd would, then become it.

Run by path with `python -I -S`, so it imports only the standard library and starts in milliseconds.

    launch.py PARENT SOCKETS PROGRAM [ARGUMENT ...]

PARENT is the process that must be alive for the agent to live; SOCKETS are comma-separated
descriptors, which become 3, 4, … in their order.
"""

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
FIRST_FD = 3
ASIDE = 64
"""Descriptors below this may be targets, so sockets are moved above it first."""


def main() -> None:
    """Become the program."""
    parent, sockets, *program = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before the line above took effect
        sys.exit(1)
    passed = [int(number) for number in sockets.split(",") if number]
    aside = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, ASIDE + len(passed)) for number in passed]
    for number in passed:
        os.close(number)
    for offset, number in enumerate(aside):
        os.dup2(number, FIRST_FD + offset, inheritable=True)
    if passed:
        os.environ["LISTEN_PID"] = str(os.getpid())
    os.execv(program[0], program)  # noqa: S606 there is no shell, and is to be none


if __name__ == "__main__":
    main()
