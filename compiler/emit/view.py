"""What an agent sees of its host's files: the system, its own state, and the folders that it names.

Folders that hold data are empty for it, but for what its sources read and its sinks write. Man page
systemd.exec(5): TemporaryFileSystem=, BindPaths=, BindReadOnlyPaths=, ProtectHome=, PrivateTmp=.
"""

from collections.abc import Sequence

from flumec.compiler.emit.alike import once_for_alike
from flumec.compiler.paths import STATES
from flumec.compiler.plan import Agent
from flumec.runtime.frozen import frozen
from flumec.runtime.outlook import folder

DATA = ("/media", "/mnt", "/srv", "/var")
"""Where hosts keep data, besides homes and temporary files: empty for who names nothing there."""
HOMES = ("/home", "/root", "/run/user")
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 compared with, never written to
LOGS = "/var/log"
READERS = "adm"
"""The group that may read most logs."""


@frozen
class View:
    """One agent's."""

    empty: tuple[str, ...]
    homes: str
    """What ProtectHome= is to be."""
    own_temporary: bool
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@once_for_alike
def view(agent: Agent) -> View:
    """Return what an agent is to see; what it names as a whole, such as /srv, is not emptied."""
    reads = tuple(dict.fromkeys(map(folder, agent.reads)))
    writes = tuple(dict.fromkeys(agent.writes))
    named = (*reads, *writes)
    empty = tuple(data for data in DATA if not _is_within([data], named))
    homes = not any(_is_within([home], named) for home in HOMES)
    hidden = (*empty, *(HOMES if homes else ()))
    return View(
        empty=empty,
        homes="tmpfs" if homes else "read-only",
        own_temporary=not _is_within(TEMPORARY, named) and not _is_within(named, TEMPORARY),
        reads=tuple(p for p in reads if _is_within([p], hidden) and not _is_within([p], writes)),
        writes=(f"{STATES}/{agent.name}", *writes),
    )


def groups(agent: Agent) -> list[str]:
    """Return the groups that may read an agent's files: the one that is said, else that of logs."""
    if agent.group:
        return [agent.group]
    return [READERS] if _is_within(list(map(folder, agent.reads)), [LOGS]) else []


def _is_within(paths: Sequence[str], folders: Sequence[str]) -> bool:
    """Return whether one of the paths is one of the folders, or lies in one; all are normal."""
    within = tuple(f"{folder.rstrip('/')}/" for folder in folders)
    return any(f"{path}/".startswith(within) for path in paths)
