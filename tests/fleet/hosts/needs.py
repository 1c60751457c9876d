"""Whether this machine can have hosts, and the hosts of a test."""

import os
import shutil
from pathlib import Path

_TOOLS = ("nsenter", "mkfs.ext4", "unshare", "setpriv", "ip", "tc", "bash", "tar")


def missing(*tools: str) -> str | None:
    """Return why there can be no hosts here, or none."""
    if os.geteuid():
        return "real hosts need root"
    release = Path("/etc/os-release")
    if not release.exists() or "ID=debian" not in release.read_text():
        return "real hosts boot the machine's own Debian, and this is none"
    if not Path("/lib/systemd/systemd").exists():
        return "real hosts boot the machine's own systemd, and it has none (apt install systemd)"
    found = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    lacking = [tool for tool in (*_TOOLS, *tools) if not shutil.which(tool, path=found)]
    return f"real hosts need {', '.join(lacking)}" if lacking else None
