"""Whether what its unit shows an agent of the host's folders is still what is there.

A unit shows a folder by binding it, once, when the service starts. A folder that is made later, or
put in the place of one that was moved away, is seen by a new start only: so the agent asks for one.
It ends in order, and its service manager starts it again. See docs/units.md, proc_pid_mountinfo(5).
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from flumec.runtime import logs
from flumec.runtime.clock import Clock
from flumec.runtime.component import Component
from flumec.runtime.frozen import frozen
from flumec.runtime.messages.unit import FolderHidden, FolderReplaced

MOUNTS = Path("/proc/self/mountinfo")
LOOK_EVERY = 5.0
GRACE = 15.0
"""Seconds from seeing that a folder was replaced to the end: its last lines are read meanwhile."""
AGAIN = 300.0
"""Seconds after which an agent lacking a folder starts again, to see whether it is there."""

_WILD = frozenset("*?[")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def folder(pattern: str) -> str:
    """Return the folder of a pattern's files, up to its first wildcard.

    >>> folder("/var/log/nginx/*.log"), folder("/srv/*/a.log"), folder("/*.log")
    ('/var/log/nginx', '/srv', '/')
    """
    parts = PurePosixPath(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts) - 1)
    return str(PurePosixPath(*parts[:fixed])) if fixed else "/"


def folders(parts: Iterable[Component]) -> list[str]:
    """Return the folders of the files that components read."""
    patterns = (p for part in parts for name in part.reads for p in getattr(part, name) or ())
    return list(dict.fromkeys(folder(str(pattern)) for pattern in patterns))


@frozen
class _Mount:
    root: str
    """What of its file system is shown; the kernel keeps it up to date when that is renamed."""
    empty: bool
    """Whether it hides what is there: a tmpfs that nobody can write."""


class Outlook:
    """Looks at the folders now and then; outside a unit that hides any there is nothing to see."""

    def __init__(self, watched: Iterable[str], clock: Clock, mounts: Path = MOUNTS) -> None:
        self._watched, self._clock, self._mounts = tuple(watched), clock, mounts
        self._known = self._read()
        self._looked = clock.monotonic()
        self._over = float("inf")
        if lacking := [path for path in self._watched if self._is_hidden(path)]:
            self._over = self._looked + AGAIN
            logs.of("agent").warning(FolderHidden(folders=", ".join(lacking), seconds=AGAIN))

    def is_over(self) -> bool:
        """Return whether it is time to start anew."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            if replaced := self._replaced():
                self._known = self._read()
                self._over = min(self._over, now + GRACE)
                logs.of("agent").warning(FolderReplaced(folders=", ".join(replaced)))
        return now >= self._over

    def _replaced(self) -> list[str]:
        now = self._read()
        return [
            path
            for path in self._watched
            if path in self._known and path in now and now[path].root != self._known[path].root
        ]

    def _is_hidden(self, path: str) -> bool:
        """Return whether the path is not there, where the unit shows nothing of the host."""
        above = (str(each) for each in (PurePosixPath(path), *PurePosixPath(path).parents))
        nearest = next((self._known[each] for each in above if each in self._known), None)
        return nearest is not None and nearest.empty and not Path(path).exists()

    def _read(self) -> Mapping[str, _Mount]:
        """Return the mounts by where they are; the last one at a place is the one that is seen."""
        if not self._watched:
            return {}
        try:
            lines = self._mounts.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return {}
        found = {}
        for line in lines:
            fields, _, more = line.partition(" - ")
            _, _, _, root, place, options, *_ = fields.split(" ")
            empty = more.startswith("tmpfs ") and "ro" in options.split(",")
            found[_plain(place)] = _Mount(root, empty)
        return found


def _plain(path: str) -> str:
    r"""Return a path without the escapes of mountinfo.

    >>> _plain(r"/srv/my\040logs")
    '/srv/my logs'
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), path)
