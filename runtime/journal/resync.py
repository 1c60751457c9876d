"""Making sure that what can be read of a segment is on its disk."""

from pathlib import Path

from flumec.runtime.disk import Disk

_BLOCK = 1 << 20


def resync(path: Path, disk: Disk) -> None:
    """Write a file again, the very same bytes, and sync it.

    What an earlier process wrote may stand in the system's memory only, and a sync that failed is
    forgotten there: to sync alone would promise nothing.

    A power cut meanwhile costs nothing where the disk writes a sector whole or not at all: each
    keeps the bytes that it had, or gets those of a group that nobody was told of. A disk that tears
    sectors could lose one here that was safe: so this is done where there is no room for a copy.
    """
    file = disk.open(path, "write")
    try:
        size, at = file.stat().st_size, 0
        while at < size:
            block = file.read(_BLOCK, at)
            file.write([block], at)
            at += len(block)
        file.sync()
    finally:
        file.close()
