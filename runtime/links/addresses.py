"""Where each sender of an agent sends to, noted in its state for `flumec link`.

The agent's script says it too, but a state directory may be all that somebody has. No promise
stands on it.
"""

import json
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from flumec.runtime.whereabouts import read, write

if TYPE_CHECKING:
    from flumec.runtime.disk import Disk

FILE = "links.json"
_WRITING = Lock()


class Target(NamedTuple):
    """A link's name, and the host that one of its senders sends to."""

    link: str
    host: str


def note(state: Path, sender: str, target: Target, disk: "Disk") -> None:
    """Write it down where it is not; a disk that does not take it keeps no link from its work."""
    with _WRITING, suppress(OSError):
        known = noted(state, disk)
        if known.get(sender) != target:
            write(state / FILE, json.dumps({**known, sender: target}), disk)


def noted(state: Path, disk: "Disk") -> dict[str, Target]:
    """Return what is noted, by the sender's name."""
    try:
        found = json.loads(read(state / FILE, disk))
        return {str(name): Target(str(link), str(host)) for name, (link, host) in found.items()}
    except (ValueError, AttributeError, TypeError, OSError):
        return {}
