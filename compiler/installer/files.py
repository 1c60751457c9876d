"""Files that are there whole or not at all, whenever the installer is killed or the power fails."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

NEW, OLD = ".flumec-new-", ".flumec-old-"
"""What the names of things begin with that are not in their place yet, or not any more."""

EXECUTABLE, PLAIN = 0o755, 0o644


def holds(path: Path, content: bytes, mode: int) -> bool:
    """Return whether a file is there with this content and these permissions."""
    try:
        return (
            not path.is_symlink()
            and path.stat().st_mode & 0o777 == mode
            and path.read_bytes() == content
        )
    except OSError:
        return False


def put_all(wanted: Mapping[Path, tuple[bytes, int]]) -> list[Path]:
    """Put files in their places; return those that were not there so.

    All are written and synced beside their places before the first is renamed, so that a disk that
    is full leaves all as they were.
    """
    lacking = [path for path, (content, mode) in wanted.items() if not holds(path, content, mode)]
    try:
        for path in lacking:
            _make_folder(path.parent)
            _write(_beside(path), *wanted[path])
    except OSError:
        for path in lacking:
            _beside(path).unlink(missing_ok=True)
        raise
    for path in lacking:
        _beside(path).rename(path)
    for folder in {path.parent for path in lacking}:
        sync_folder(folder)
    return lacking


def put_link(path: Path, target: str) -> bool:
    """Let a link lead to `target`; return whether it did not."""
    if path.is_symlink() and str(path.readlink()) == target:
        return False
    _make_folder(path.parent)
    beside = _beside(path)
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(path)
    sync_folder(path.parent)
    return True


def put_folder(path: Path, fill: Callable[[Path], None]) -> bool:
    """Let `fill` make a folder, and put it in its place; return whether it was not there."""
    if path.is_dir():
        return False
    beside = _beside(path)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o755)
    beside.chmod(0o755)
    try:
        fill(beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    os.sync()  # one call for thousands of files
    beside.rename(path)
    sync_folder(path.parent)
    return True


def remove_all(paths: Iterable[Path]) -> list[Path]:
    """Remove files, links and folders; return those that were there."""
    removed = []
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            gone = path.with_name(f"{OLD}{path.name}")  # half a folder is none
            shutil.rmtree(gone, ignore_errors=True)
            path.rename(gone)
            shutil.rmtree(gone)
        elif path.is_symlink() or path.exists():
            path.unlink()
        else:
            continue
        removed.append(path)
    for folder in {path.parent for path in removed}:
        if folder.is_dir():  # it may have been removed itself
            sync_folder(folder)
    return removed


def clear(folder: Path) -> None:
    """Remove what an installer that was killed left in a folder."""
    for begin in (NEW, OLD):
        for left in folder.glob(f"{begin}*"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 a descriptor
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f"{NEW}{path.name}")


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        sync_folder(folder.parent)
