"""Files that the agent may not read: said once each in the log, and in the agent's status."""

import errno
import os
import pwd
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flumec.runtime.messages.tail import CannotFollow

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext


class Faults:
    """Tells of faults until they are gone."""

    def __init__(self, context: "SourceContext") -> None:
        self._context = context
        self._told: dict[str, str] = {}

    def tell(self, faults: Mapping[str, OSError]) -> None:
        """Say what is new: the reason and the remedy, or that a path can be read again."""
        sentences = {path: sentence(path, error) for path, error in faults.items()}
        if sentences == self._told:
            return
        for path, text in sentences.items():
            if self._told.get(path) != text:
                self._context.log.error(CannotFollow(reason=text))
        for path in self._told.keys() - sentences.keys():
            self._context.log.info("%s is no longer in the way", path)
        self._told = sentences
        first = min(sentences.values(), default="")
        more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
        self._context.fail(first + more)


def sentence(path: str, error: OSError) -> str:
    """Return why a file or directory cannot be read, and what to do."""
    reason = f"cannot read {path}: {(error.strerror or str(error)).lower()}"
    if error.errno not in (errno.EACCES, errno.EPERM):
        return reason
    blocked = _blocking(path)
    user = _user()
    if blocked is not None:
        return f"{reason}; let {user} pass: `setfacl -m u:{user}:x {blocked}`"
    rights = "rx" if os.path.isdir(path) else "r"  # noqa: PTH112 beside its neighbours
    return f"{reason}; allow it: `setfacl -m u:{user}:{rights} {path}`"


def _blocking(path: str) -> str | None:
    """Return the directory above `path` that cannot be passed, None if it is not for that."""
    parts = path.split("/")
    for depth in range(2, len(parts)):
        folder = "/".join(parts[:depth])
        try:
            mode = os.stat(folder).st_mode  # noqa: PTH116
        except OSError:
            return None
        if stat.S_ISDIR(mode) and not os.access(folder, os.X_OK):
            return folder
    return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
