"""A file system that can do little: no preallocation, no holes. It shows another folder, by FUSE.

Its command line is `python plain.py FOLDER MOUNTPOINT`.
"""

import os
import sys
from typing import Any

from fuse import FUSE, Operations


class Plain(Operations):  # type: ignore[misc]
    """Files and folders of another place; what has no method here the kernel calls unsupported."""

    def __init__(self, root: str) -> None:
        self.root = root

    def __call__(self, operation: str, path: str, *rest: Any) -> Any:
        """Call an operation with the path as it is in the other place."""
        if operation in ("init", "destroy"):
            return None
        if operation == "rename":
            rest = (self.root + rest[0],)
        return getattr(self, operation)(self.root + path, *rest)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Return what stat says."""
        found = os.lstat(path)
        names = ("mode", "ino", "nlink", "uid", "gid", "size", "atime", "mtime", "ctime", "blocks")
        return {f"st_{name}": getattr(found, f"st_{name}") for name in names}

    def readdir(self, path: str, fh: int) -> list[str]:
        """List a folder."""
        return [".", "..", *os.listdir(path)]

    def statfs(self, path: str) -> dict[str, int]:
        """Return what room there is."""
        found = os.statvfs(path)
        names = ("bavail", "bfree", "blocks", "bsize", "ffree", "files", "frsize", "namemax")
        return {f"f_{name}": getattr(found, f"f_{name}") for name in names}

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        """Make a file."""
        return os.open(path, os.O_RDWR | os.O_CREAT, mode)

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        return os.open(path, flags & ~os.O_CREAT)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read from an open file, also from one that lost its name."""
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write into an open file."""
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        """Cut a file."""
        os.truncate(path, length)

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        """Bring a file to the disk."""
        os.fsync(fh)

    def release(self, path: str, fh: int) -> None:
        """Close a file."""
        os.close(fh)

    def mkdir(self, path: str, mode: int) -> None:
        """Make a folder."""
        os.mkdir(path, mode)

    def rmdir(self, path: str) -> None:
        """Remove a folder."""
        os.rmdir(path)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        os.unlink(path)

    def rename(self, old: str, new: str) -> None:
        """Give a file another name."""
        os.rename(old, new)

    def chmod(self, path: str, mode: int) -> None:
        """Change who may do what."""
        os.chmod(path, mode)

    def utimens(self, path: str, times: tuple[float, float] | None = None) -> None:
        """Change a file's times."""
        os.utime(path, times)


if __name__ == "__main__":
    FUSE(Plain(sys.argv[1]), sys.argv[2], foreground=True, nothreads=True, hard_remove=True)
