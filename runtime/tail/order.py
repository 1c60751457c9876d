"""The order in which new files are met: what rotation made of them first, the oldest first."""

import os
from collections.abc import Callable, Iterable

_LAST = 1 << 63
"""Later than every file's time."""


def oldest_first(paths: Iterable[str], is_rotated: Callable[[str], bool]) -> list[str]:
    """Return rotated files by their time of modification, then the others by name."""
    return sorted(sorted(paths), key=lambda path: _modified(path) if is_rotated(path) else _LAST)


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 thousands of paths
    except OSError:
        return _LAST
