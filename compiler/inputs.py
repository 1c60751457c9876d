"""The compiler's only door to files: what was read and its digest, so that a bundle can say so."""

import posixpath
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Reader = Callable[[Path], str | bytes]


class Inputs:
    """Reads each file once and remembers its digest."""

    def __init__(self, reader: Reader = Path.read_bytes) -> None:
        self._reader = reader
        self._contents: dict[str, bytes] = {}

    def __call__(self, path: Path) -> bytes:
        """Return the content of `path`; raise OSError where it cannot be read."""
        key = posixpath.normpath(str(path))
        if key not in self._contents:
            content = self._reader(Path(path))
            self._contents[key] = content.encode() if isinstance(content, str) else content
        return self._contents[key]

    def digests(self, names: "Names") -> tuple[tuple[str, str], ...]:
        """Return (name, sha256) of every file that was read, sorted."""
        import hashlib

        return tuple(
            sorted(
                (names(key), hashlib.sha256(data).hexdigest())
                for key, data in self._contents.items()
            )
        )


def in_memory(files: Mapping[str, str | bytes]) -> Reader:
    """Return a reader of `files` by path, for tests and editors."""

    def read(path: Path) -> str | bytes:
        try:
            return files[posixpath.normpath(str(path))]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None

    return read


class Names:
    """Paths as a bundle shows them, the same in every checkout: from the given files' folder, but
    those of `elsewhere`, which files name whole, as they are.

    >>> Names([Path("/home/ann/fleet/weblogs.flow")])("/home/ann/fleet/../lib/tls.flow")
    '../lib/tls.flow'
    """

    def __init__(self, roots: Iterable[Path], elsewhere: Container[str] = ()) -> None:
        self._elsewhere = elsewhere
        folders = [str(Path(root).absolute().parent) for root in roots]
        self._base = posixpath.normpath(posixpath.commonpath(folders)) if folders else "/"

    def __call__(self, path: str) -> str:
        """Return the name of `path` in a bundle."""
        if (whole := posixpath.normpath(path)) in self._elsewhere:
            return whole
        return posixpath.relpath(str(Path(path).absolute()), self._base)


@dataclass(frozen=True)
class MadeFrom:
    """What a plan was made from: every file that was read, and what `--set` said."""

    names: Names
    files: tuple[tuple[str, str], ...]
    """(name, sha256), sorted."""
    sets: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """The digest of it all; 64 hex digits."""
        import hashlib
        import json

        data = json.dumps([self.files, sorted(self.sets.items())])
        return hashlib.sha256(data.encode()).hexdigest()
