"""wheels.lock: which wheels hosts get, by name, version and sha256; it belongs into git.

{
"flumec wheels": 1,
"targets": {
"3.11-x86_64": {
"hdfs": {
"file": "hdfs-2.7.3-py3-none-any.whl",
"made_from": {"file": "hdfs-2.7.3.tar.gz", "sha256": "…"},
"sha256": "…",
"version": "2.7.3"
},
…
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flumec.compiler.wheels.target import Target

FORMAT = 1
LOCK = "wheels.lock"

Locked = dict[str, dict[str, Any]]
"""The wheels of one target: from a library's name to file, version, sha256 and, where the wheel was
made from sources, `made_from`.
"""


class WheelsError(Exception):
    """The wheels are not as they have to be; the message says why, and what to do."""


class Lock:
    """What is locked for each target."""

    def __init__(self, targets: Mapping[str, Locked]) -> None:
        self._targets = dict(targets)

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """Read a lock; one that is not there locks nothing."""
        try:
            data = json.loads(path.read_bytes())
            form, targets = data["flumec wheels"], data["targets"]
        except FileNotFoundError:
            return cls({})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WheelsError(f"cannot read `{path}`: {error}") from None
        if form != FORMAT:
            raise WheelsError(f"`{path}` is in format {form}; this flumec knows {FORMAT}")
        return cls(targets)

    def of(self, target: Target) -> Locked:
        """Return what is locked for a target."""
        return self._targets.get(str(target), {})

    def put(self, target: Target, locked: Locked) -> None:
        """Lock the wheels of a target."""
        self._targets[str(target)] = locked

    def text(self) -> str:
        """Return the file's content."""
        data = {"flumec wheels": FORMAT, "targets": self._targets}
        return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
