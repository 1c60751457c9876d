"""How much of a file is in the system's memory."""

import ctypes
import mmap
import os
from pathlib import Path

import pytest

PAGE = os.sysconf("SC_PAGE_SIZE")


def cached(path: Path) -> float:
    """Return the share of a file's pages that are in memory, from 0 to 1."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as seen:
        pages = -(-len(seen) // PAGE)
        there = (ctypes.c_ubyte * pages)()
        start = ctypes.c_char.from_buffer(seen)
        failed = ctypes.CDLL(None).mincore(
            ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(len(seen)), there
        )
        del start
    assert not failed
    return sum(page & 1 for page in there) / pages


def require_a_disk(folder: Path) -> None:
    """Skip the test where files are nowhere but in memory."""
    probe = folder / "probe"
    with probe.open("wb") as file:
        file.write(bytes(64 * PAGE))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if cached(probe) > 0.5:
        pytest.skip(f"the file system of {folder} keeps its files in memory")
    probe.unlink()
