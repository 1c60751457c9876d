"""Where an agent's journals are that lie elsewhere, noted at both ends for whoever looks for them.

The agent's script says it too, but a state directory may be all that somebody has. Nothing but the
tool that looks after journals reads it; no promise stands on it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from flumec.runtime.disk import Disk

JOURNAL = "journal"
ELSEWHERE = "journals.json"
"""In the state directory: where the journals are, and were, that do not lie in it."""
OWNER = "agent"
"""In such a directory: the state directory of its agent."""

_LONGEST = 1 << 20


def note(state: Path, directories: Iterable[Path], disk: Disk) -> None:
    """Write it down where it is not; those of an older bundle stay noted, as what they hold does.

    A disk that does not take it keeps no agent from its work.
    """
    state = state.absolute()
    outside = [directory for directory in directories if directory.parent != state]
    known = _elsewhere(state, disk)
    with suppress(OSError):
        for directory in outside:
            if owner(directory, disk) != state:
                write(directory / OWNER, str(state), disk)
        wanted = sorted({*known, *map(str, outside)})
        if wanted != known:
            write(state / ELSEWHERE, json.dumps(wanted), disk)


def owner(directory: Path, disk: Disk) -> Path | None:
    """Return the state directory of the agent that has a journal elsewhere."""
    text = read(directory / OWNER, disk)
    return Path(text) if text else None


def journals(state: Path, disk: Disk) -> Iterator[Path]:
    """Yield where a state directory's journals may be, the default one first.

    One that lies elsewhere has to name this state as its own: a copy of a state directory has
    nothing to do with what the original still writes.
    """
    with suppress(OSError):  # it may lie below what only its own user can list
        names = (name for name in disk.names(state) if name.split("-")[0] == JOURNAL)
        yield from (state / name for name in sorted(names))
    for text in _elsewhere(state, disk):
        if owner(Path(text), disk) == state:
            yield Path(text)


def _elsewhere(state: Path, disk: Disk) -> list[str]:
    try:
        found = json.loads(read(state / ELSEWHERE, disk))
    except ValueError:
        return []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def read(path: Path, disk: Disk) -> str:
    """Return a small file's text, none where it cannot be read."""
    try:
        file = disk.open(path)
    except OSError:
        return ""
    try:
        return file.read(_LONGEST, 0).decode("utf-8", "replace")
    finally:
        file.close()


def write(path: Path, text: str, disk: Disk) -> None:
    """Write a file whole, or leave the one that is there."""
    new = path.with_name(f".{path.name}.new")
    file = disk.open(new, "write")
    try:
        file.truncate(0)
        file.write([text.encode()], 0)
        file.sync()
    finally:
        file.close()
    disk.rename(new, path)
    disk.sync_directory(path.parent)
