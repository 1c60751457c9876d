"""Events as a test sends and sees them."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flumec.runtime.testing import CrashDisk

_HIDDEN = "/.flumec/"


@dataclass(frozen=True, slots=True)
class Event:
    """A body and its headers."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is escaped."""
        return self.body.decode(errors="backslashreplace")


def published(disk: CrashDisk, directory: str) -> Iterator[Event]:
    """Yield what is in the files of a directory and those below it, in the order of their names.

    What lies out of sight, as it is not published, is none of it.
    """
    within = directory.rstrip("/") + "/"
    for path in sorted(disk.files()):
        if path.startswith(within) and _HIDDEN not in path:
            for line in disk.content(Path(path)).splitlines():
                yield _event(json.loads(line))


def _event(said: Mapping[str, object]) -> Event:
    headers = said["headers"]
    assert isinstance(headers, dict)
    if "body" in said:
        return Event(str(said["body"]).encode(), headers)
    return Event(base64.b64decode(str(said["body_base64"])), headers)
