"""`flumec channel replay`: exported events back into a channel, each file once."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flumec.runtime.channel.incoming import digest, events_in, frames
from flumec.runtime.channel.keeping import SOURCE, kept
from flumec.runtime.channel.place import channel_named, find
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal import Journal
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.records import Frame, Full, Progress, Put, Refused

PUT_BYTES = 8 << 20
"""Bodies in one put, at most, but for a single larger frame."""

DONE = b"\x01"


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("channel", metavar="CHANNEL", help="which channel")
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="what `export` wrote, as JSON lines or Parquet"
    )
    parser.add_argument(
        "--again", action="store_true", help="also a file that was replayed into it before"
    )


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    """Do it, and yield what was done."""
    place = find(options.state, disk)
    channel = channel_named(inspect(place.journal, disk), options.channel)
    if not channel.declared:
        raise StateError(f"the bundle does not have `{channel.name}` any more: nothing reads it")
    count = sum(frame.rows for frame in frames(events_in(options.file, disk), channel.name))
    with kept(place, disk, clock) as journal:
        run = Replay.of(journal.positions(SOURCE), digest(options.file, disk), channel.uuid)
        if run.done and not options.again:
            raise StateError(
                f"{options.file} was replayed into {channel.name} before; to have its events there "
                "once more: --again"
            )
        run = run.next if run.done else run
        stored = Replaying(journal, run).put_all(
            frames(events_in(options.file, disk), channel.name)
        )
    before = f" ({count - stored:,} were there from before)" if stored < count else ""
    yield f"{stored:,} rows of {options.file} are in {channel.name}{before}"


@dataclass(frozen=True, slots=True)
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
        """How many rows of the file are stored."""
        return int.from_bytes(self.position[1:], "big")

    @property
    def next(self) -> "Replay":
        """The next time that the same file goes there."""
        return Replay(self.file, self.number + 1, b"")


class Replaying:
    """Puts frames, a bounded number at a time, each put with how far the file has come."""

    def __init__(self, journal: Journal, run: Replay) -> None:
        self._journal = journal
        self._run = run
        self._position = run.position
        self._rows = run.rows

    def put_all(self, given: Iterator[Frame]) -> int:
        """Store what is not stored yet, and that it is all; return how many rows that were."""
        passed, held, length = 0, list[Frame](), 0
        before = self._rows
        for frame in given:
            passed += frame.rows
            if passed <= before:
                continue
            if held and length + frame.body.size > PUT_BYTES:
                self._put(held, done=False)
                held, length = [], 0
            held.append(frame)
            length += frame.body.size
        self._put(held, done=True)
        return self._rows - before

    def _put(self, held: list[Frame], *, done: bool) -> None:
        rows = self._rows + sum(frame.rows for frame in held)
        to = bytes([done]) + rows.to_bytes(8, "big")
        step = Progress(SOURCE, self._run.key, self._position, to)
        outcome = self._journal.submit(Put(tuple(held), (step,))).result()
        if isinstance(outcome, Full):
            raise StateError(
                f"`{outcome.channel}` has no room for more: {self._rows:,} rows are stored; let it "
                "be drained, and give the same command again: it goes on from there"
            )
        if isinstance(outcome, Refused):
            raise StateError(f"the journal does not take it: {outcome.reason}")
        self._rows, self._position = rows, to
