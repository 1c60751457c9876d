"""Who listens on which port of this host."""

from collections.abc import Iterator
from pathlib import Path

from flumec.compiler.installer.systemd import call


def holder(port: int) -> str | None:
    """Return who else than flumec listens on a TCP port; None if nobody does."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    if not inodes:
        return None
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        process = descriptors.parent
        try:
            if any(str(link.readlink()) in inodes for link in descriptors.iterdir()):
                if process.name == "1":
                    return next((unit for unit in _sockets_at(port) if not _ours(unit)), None)
                if "/flumec-" in (process / "cgroup").read_text():
                    return None
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:  # it has ended, or is not ours to look at
            continue
    if any(map(_ours, _sockets_at(port))):  # whose it is, only root sees in /proc
        return None
    return "another process"


def _ours(unit: str) -> bool:
    return unit.startswith("flumec-")


def _sockets_at(port: int) -> list[str]:
    """Return the socket units that listen on a port."""
    _, said = call(["systemctl", "list-sockets", "--no-legend"])
    lines = [line.split() for line in said.splitlines()]
    return [words[1] for words in lines if len(words) > 1 and words[0].endswith(f":{port}")]


def _listening(port: int) -> Iterator[str]:
    """Yield the inodes of sockets in state LISTEN (0A)."""
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]
