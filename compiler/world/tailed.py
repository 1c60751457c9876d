"""The `taildir` of a world: its own code, over real files in a folder that stands for the host's.

There is no inotify, which would tell of changes at moments that are not the world's; the source
polls, as on a network file system. Files and directories have changed at the world's time, for who
looks whether they have.
"""

import os
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumec.compiler.world.clock import BEGINNING
from flumec.runtime.clock import Clock
from flumec.runtime.sources.taildir import Taildir
from flumec.runtime.tail.patterns import Pattern
from flumec.runtime.tail.watch import Changes, Watch

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.context import SourceContext


class Tailed(Taildir):
    """Takes the place of a `taildir`."""

    def run(self, context: "SourceContext") -> None:
        """Follow the files until the agent stops."""
        from flumec.runtime.tail.follow import Follower

        files: TailedFiles = object.__getattribute__(self, "root")
        header = self.path_header
        if header is not None:
            plain = context.put

            def put(batch: "pa.RecordBatch | None", *args: Any, **named: Any) -> Any:
                if batch is not None:
                    batch = files.unrooted(batch, str(header))
                return plain(batch, *args, **named)

            context.put = put  # type: ignore[method-assign]
        with Follower(self, context, Polled(context.clock, self.poll)) as follower:
            follower.run()


class TailedFiles:
    """The files that a host's programs write, and agents follow."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def rooted(self, part: Taildir) -> dict[str, Any]:
        """Return where the files of a source are in truth."""
        for pattern in (*part.files, *part.rotated):
            fixed = pattern.split("*")[0].split("?")[0].split("[")[0]
            folder = self.path(fixed.rpartition("/")[0])
            folder.mkdir(parents=True, exist_ok=True)
            self._changed(folder, BEGINNING)
        root = str(self.root)
        return {
            "files": tuple(root + path for path in part.files),
            "rotated": tuple(root + path for path in part.rotated),
        }

    def replace(self, _part: Taildir, made: Tailed) -> Tailed:
        """Let a source know whose files it follows."""
        object.__setattr__(made, "root", self)
        return made

    def unrooted(self, batch: "pa.RecordBatch", header: str) -> "pa.RecordBatch":
        """Return events with the paths that they have on the host."""
        from flumec.runtime.batch import compute, with_header
        from flumec.runtime.batch import header as values

        paths = compute.replace_substring(values(batch, header), str(self.root), "")
        return with_header(batch, header, paths)

    def path(self, path: str) -> Path:
        """Return where a file of the host is in truth."""
        return self.root / path.lstrip("/")

    def first(self, part: Taildir) -> str:
        """Return a path on the host of a file that a source follows."""
        return example_of(part.files[0].removeprefix(str(self.root)))

    def follows(self, part: Taildir, path: str) -> bool:
        """Return whether a source would read a file of the host."""
        return any(
            Pattern(each).matches(f"{self.root}{path}") for each in (*part.files, *part.rotated)
        )

    def append(self, path: str, lines: Sequence[bytes], now_ns: int) -> None:
        """Have a program of the host write lines."""
        where = self.path(path)
        new = not where.exists()
        where.parent.mkdir(parents=True, exist_ok=True)
        with where.open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
        os.utime(where, ns=(now_ns, now_ns))
        if new:
            self._changed(where.parent, now_ns)

    def rotate(self, path: str, now_ns: int) -> None:
        """Have a file renamed, `access.log` to `access.log.1`, and an empty one made."""
        where = self.path(path)
        where.rename(_older(where))
        self.append(path, (), now_ns)

    def copy(self, path: str, now_ns: int) -> None:
        """Have a file copied, `access.log` to `access.log.1`, as it is before it is emptied."""
        where = self.path(path)
        copy = _older(where)
        copy.write_bytes(where.read_bytes())
        os.utime(copy, ns=(now_ns, now_ns))
        self._changed(where.parent, now_ns)

    def empty(self, path: str, now_ns: int) -> None:
        """Have a file emptied, where it is."""
        where = self.path(path)
        os.truncate(where, 0)
        os.utime(where, ns=(now_ns, now_ns))

    def _changed(self, folder: Path, now_ns: int) -> None:
        """Note when there was a new name in a directory, and maybe it in another one."""
        while folder.is_relative_to(self.root):
            os.utime(folder, ns=(now_ns, now_ns))
            folder = folder.parent


def _older(where: Path) -> Path:
    """Return the name that rotation gives to a file."""
    number = 1
    while (older := where.with_name(f"{where.name}.{number}")).exists():
        number += 1
    return older


def example_of(pattern: str) -> str:
    """Return a path that a pattern of files stands for.

    >>> example_of("/var/log/*.log"), example_of("/srv/**/a[0-9].log")
    ('/var/log/test.log', '/srv/test/a0.log')
    """
    return re.sub(r"\[!?(.)[^]]*\]", r"\1", re.sub(r"\*+", "test", pattern)).replace("?", "x")


class Polled(Watch):
    """Stands for inotify where there is none: nothing is told, and a bell ends a wait."""

    def __init__(self, clock: Clock, every: float) -> None:  # and nothing of the system's
        self._every = every
        self._clock = clock
        self._rung = threading.Event()

    def watches(self, directory: str) -> bool:  # noqa: ARG002 the protocol
        """Say no."""
        return False

    def follow(self, directories: Iterable[str]) -> None:
        """Do nothing."""

    def wait(self, seconds: float) -> None:
        """Block until the bell rang, or it is time to poll, at least for `seconds`."""
        self._clock.pause(self._rung, max(seconds, self._every))
        self._rung.clear()

    def ring(self) -> None:
        """End a wait."""
        self._rung.set()

    def changes(self) -> Changes:
        """Return nothing."""
        return Changes()

    def close(self) -> None:
        """Do nothing."""
