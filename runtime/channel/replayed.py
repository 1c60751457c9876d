"""What a journal remembers of the files that were put back: each by its content, and how far.

It is the position of a source of its own, so a put that is repeated as its answer was lost is not
stored twice, through a running agent as well. The newest hundred are remembered.
"""

from collections.abc import Iterator, Mapping

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Progress

SOURCE = "flumec channel"
"""The source's name."""

MOST = 100
"""How many files are remembered, the newest."""

DONE = b"\x01"
_FLAG, _COUNT = 1, 8


@frozen
class Replay:
    """One time that a file goes into a channel: its key in the journal, and how far it came."""

    file: bytes
    number: int
    position: bytes

    @classmethod
    def of(cls, positions: Mapping[bytes, Progress], content: bytes, channel: bytes) -> "Replay":
        """Return the newest one of a file, which may not have begun yet."""
        file = content + channel
        found = sorted(
            (int.from_bytes(key[len(file) :], "big"), progress.to)
            for key, progress in positions.items()
            if key.startswith(file)
        )
        return cls(file, *(found[-1] if found else (0, b"")))

    @property
    def key(self) -> bytes:
        """Its key among the positions of `SOURCE`."""
        return self.file + self.number.to_bytes(4, "big")

    @property
    def done(self) -> bool:
        """Whether all of the file is stored."""
        return self.position.startswith(DONE)

    @property
    def rows(self) -> int:
        """How many rows of the file are stored, or were passed over."""
        return rows_of(self.position)

    @property
    def next(self) -> "Replay":
        """The next time that the same file goes there."""
        return Replay(self.file, self.number + 1, b"")

    def at(self, position: bytes) -> "Replay":
        """The same, further on."""
        return Replay(self.file, self.number, position)

    def step(self, rows: int, now_ns: int, *, done: bool) -> Progress:
        """Return what to store with the rows up to so many."""
        to = bytes([done]) + rows.to_bytes(_COUNT, "big") + now_ns.to_bytes(_COUNT, "big")
        return Progress(SOURCE, self.key, self.position, to)

    def forgets(self, positions: Mapping[bytes, Progress]) -> Iterator[Progress]:
        """Yield what is forgotten as this one begins: the file's last time, and the oldest ones."""
        mine = [p for key, p in positions.items() if key.startswith(self.file)]
        others = [p for key, p in positions.items() if not key.startswith(self.file)]
        others.sort(key=lambda progress: _time(progress.to), reverse=True)
        for known in (*mine, *others[MOST - 1 :]):
            yield Progress(SOURCE, known.key, known.to, known.to, done=True)


def rows_of(position: bytes) -> int:
    """Return how many rows a position has behind it."""
    return int.from_bytes(position[_FLAG : _FLAG + _COUNT], "big")


def _time(position: bytes) -> int:
    return int.from_bytes(position[_FLAG + _COUNT :], "big")
