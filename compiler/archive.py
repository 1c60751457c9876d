"""A plain tar of a bundle's folder: the same bytes on each machine, at any time, by any user."""

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from flumec.compiler.paths import TAR
from flumec.runtime.frozen import frozen

_TIME = 315_532_800
"""1980: tar warns of anything from 1970."""
_BLOCK, _RECORD = 512, 10_240
_NAME, _SUM = 100, 148
"""How long a name in a header may be, and where the header's checksum stands: tar(5)."""
_PIECE = 1 << 20


@frozen
class Archive:
    """A tar by its name, and what is in it: bytes, or a file that is read when it is needed."""

    name: str
    entries: Mapping[str, bytes | Path]

    def write(self, directory: Path) -> None:
        """Write it into a folder."""
        path = directory / self.name
        with path.open("xb") as file:
            file.writelines(self._pieces())
        path.chmod(0o644)

    def is_in(self, directory: Path) -> bool:
        """Return whether this very tar is in a folder."""
        with (directory / self.name).open("rb") as file:
            return all(file.read(len(piece)) == piece for piece in self._pieces()) and (
                not file.read(1)
            )

    def _pieces(self) -> Iterator[bytes]:
        length = 0
        for piece in self._members():
            length += len(piece)
            yield piece
        yield b"\0" * (-(length + 2 * _BLOCK) % _RECORD + 2 * _BLOCK)

    def _members(self) -> Iterator[bytes]:
        folders = {name.rpartition("/")[0] for name in self.entries}
        above = {each for name in folders for each in accumulate(name.split("/"), "{}/{}".format)}
        for name in sorted({*above, *self.entries}):
            content = self.entries.get(name)
            if content is None:
                yield _header(name, 0, 0o755, folder=True)
            elif isinstance(content, bytes):
                mode = 0o755 if content.startswith(b"#!") else 0o644
                yield _header(name, len(content), mode)
                yield content
                yield b"\0" * (-len(content) % _BLOCK)
            else:
                size = content.stat().st_size
                yield _header(name, size, 0o644)
                yield from _read(content)
                yield b"\0" * (-size % _BLOCK)


def archives(files: Mapping[str, bytes]) -> Iterator[Archive]:
    """Yield the tar of each host's folder in a bundle."""
    hosts: dict[str, dict[str, bytes | Path]] = {}
    for name, content in files.items():
        host, slash, _ = name.partition("/")
        if slash:
            hosts.setdefault(host, {})[name] = content
    for host, entries in hosts.items():
        yield Archive(f"{host}{TAR}", entries)


def _read(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _header(name: str, size: int, mode: int, *, folder: bool = False) -> bytes:
    """Return a member's header: but for the name, many are alike."""
    said = (f"{name}/" if folder else name).encode("utf-8", "surrogateescape")
    if len(said) > _NAME:  # GNU's form of it: a member of its own
        return _member(said.decode("utf-8", "surrogateescape"), size, mode, folder=folder)
    nameless, total = _nameless(size, mode, folder=folder)
    checksum = b"%06o\0" % (total + sum(said))
    return said.ljust(_NAME, b"\0") + nameless[_NAME:_SUM] + checksum + nameless[_SUM + 7 :]


@lru_cache(1024)
def _nameless(size: int, mode: int, *, folder: bool) -> tuple[bytes, int]:
    """Return a header, and what its checksum would be without its name."""
    header = _member("", size, mode, folder=folder)
    return header, int(header[_SUM : _SUM + 6], 8) - sum(header[:_NAME])


def _member(name: str, size: int, mode: int, *, folder: bool) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, mode, _TIME
    member.type = tarfile.DIRTYPE if folder else tarfile.REGTYPE
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
