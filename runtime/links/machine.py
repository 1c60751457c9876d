"""Which machine this is, to tell a restarted sender from a cloned one."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flumec.runtime.disk import Disk

_FILES = (Path("/etc/machine-id"), Path("/proc/sys/kernel/random/boot_id"))


def machine(disk: "Disk") -> str:
    """Return what is the same for all processes of one boot of one machine, and for no others.

    Clones of a machine share its machine-id, but not its boot's. A missing file counts as empty.
    """
    return ":".join(_read(disk, path) for path in _FILES)


def _read(disk: "Disk", path: Path) -> str:
    try:
        file = disk.open(path)
    except OSError:
        return ""
    try:
        return file.read(64, 0).decode("ascii", "replace").strip()
    finally:
        file.close()
