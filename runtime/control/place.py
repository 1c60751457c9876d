"""Where the control socket lies, and how both ends reach it however long the path is."""

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.disk import Disk

NAME = "control"
"""The socket's name in the agent's state directory."""

BACKLOG = 128
PRIVATE = 0o600


def listen(state: Path, disk: Disk) -> socket.socket:
    """Bind the socket for its owner alone; one that a killed agent left behind is replaced.

    The caller holds the journal's lock, so that nobody else listens there.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(disk.stat(state / NAME).st_mode):
            raise FileExistsError(17, "it is in the way and no socket: move it", str(state / NAME))
        disk.unlink(state / NAME)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), PRIVATE)  # Linux gives it to the name that bind makes
        with _near(state) as near:
            listener.bind(near)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def remove(state: Path, disk: Disk) -> None:
    """Take the socket's name away, as far as that is possible."""
    with contextlib.suppress(OSError):
        disk.unlink(state / NAME)


def connect(state: Path, timeout: float) -> socket.socket:
    """Connect to the agent whose state directory this is; raise OSError, within whole seconds."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Python's own time-out would not wait at all where many connect at once.
        patience = struct.pack("ll", int(timeout), 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        with _near(state) as near:
            connection.connect(near)
    except BlockingIOError:
        connection.close()
        raise TimeoutError from None
    except OSError:
        connection.close()
        raise
    connection.settimeout(timeout)
    return connection


@contextlib.contextmanager
def _near(state: Path) -> Iterator[str]:
    """Yield a short path to the socket: an address has 107 bytes, a path may have 4,095."""
    folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)
