"""Two calls of Linux that Python lacks: exchange two directories, and sync one file system."""

import ctypes
import errno
import os
from functools import cache
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2
_MISSING = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)


def exchange(one: Path, other: Path) -> bool:
    """Swap two names at once, renameat2(2); return False where the system cannot; raise OSError."""
    call = getattr(_libc(), "renameat2", None)
    if call is None:
        return False
    first, second = os.fsencode(one), os.fsencode(other)
    if call(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _MISSING:
        return False
    raise OSError(code, os.strerror(code), str(other))


def sync_all(folder: Path) -> None:
    """Return when everything on the file system of `folder` is on disk, syncfs(2); raise OSError.

    One call for all of a bundle's files: tens of thousands of fsyncs would take minutes.
    """
    call = getattr(_libc(), "syncfs", None)
    if call is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if call(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
