"""A journal that syncs now and then, in use: what its user was told, and how it is held to that."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pyarrow as pa
from flumec.runtime.journal import (
    ChannelSpec,
    ConsumerSpec,
    Identity,
    Journal,
    JournalFailed,
    Settings,
)
from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Frame,
    Output,
    Progress,
    Put,
    Received,
    Stored,
)
from flumec.runtime.testing import CrashDisk, ManualClock, PowerCut

from .conftest import DIRECTORY

EVERY = 1.0
ROWS = 2
SENDER, STREAM, SENDERS_EPOCH = b"sender's journal", b"stream", b"an epoch: 16 byt"


def fresh() -> CrashDisk:
    """Return a disk on which there is no journal yet."""
    disk = CrashDisk()
    disk.make_directory(DIRECTORY.parent)
    return disk


@dataclass
class Told:
    """What the user of a journal knows: `tried` puts may be there, `kept` ones must be.

    A put is `answered` when it is written: a kill takes none of those, a power cut may.
    """

    tried: int = 0
    answered: int = 0
    kept: int = 0
    sizes: list[int] = field(default_factory=list)
    sets: list[tuple[str, ...]] = field(default_factory=list)
    shown: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """By row: the epoch and the bytes that a consumer got."""
    low: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    low_tried: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    intents: set[int] = field(default_factory=set)

    def forget(self, puts: int) -> None:
        """Go on behind the puts that are there after a crash."""
        del self.sizes[puts:], self.sets[puts:]
        self.tried = self.answered = self.kept = puts


class Lazy:
    """One opening of the journal; PowerCut and JournalFailed end it."""

    def __init__(self, disk: CrashDisk, told: Told, every: float | None = EVERY) -> None:
        self.disk = disk
        self.told = told
        self.clock = ManualClock()
        self.journal = Journal.open(
            DIRECTORY,
            disk=disk,
            clock=self.clock,
            identity=Identity("host", "agent", "1", "bundle"),
            channels=[ChannelSpec("a", 1 << 20, True), ChannelSpec("b", 1 << 20, True)],
            sources=["source"],
            consumers=[ConsumerSpec("a", "a"), ConsumerSpec("b", "b")],
            segment_size=16 << 10,
            settings=Settings(sync_every=every),
        )
        self.every = every

    def put(self, *channels: str, size: int = 100, received: tuple[int, int] | None = None) -> None:
        """Put two rows; the source's position is the number of its puts."""
        told, number = self.told, self.told.tried
        told.tried += 1
        told.sizes.append(size)
        told.sets.append(channels)
        start = str(number).encode() if number else b""
        step = Progress("source", b"file", start, str(number + 1).encode())
        frame = Frame(channels, ROWS, pa.py_buffer(body(number, size)))
        link = received and Received(
            SENDER,
            STREAM,
            self.journal.session(SENDER, STREAM).number,
            SENDERS_EPOCH,
            (received,),
            0,
        )
        outcome = self.journal.submit(Put((frame,), (step,), link or None)).result(20)
        assert outcome == Stored(ROWS * number, ROWS)
        told.answered = told.tried
        if received is not None or self.every is None:
            told.kept = told.tried

    def tick(self) -> None:
        """Let the time pass until what is written is synced."""
        consumer = self.journal.consumer("b")
        stored = consumer.advance(consumer.cursor)
        while not stored.done():
            self.clock.advance(EVERY / 2)
            time.sleep(0.0002)
        stored.result()
        self.told.kept = self.told.answered

    def read(self, channel: str) -> Consumer:
        """Take everything that is shown; it must be what was put there, and stay so."""
        consumer = self.journal.consumer(channel)
        consumer.seek(consumer.cursor.low)
        for chunk in drain(consumer):
            number = chunk.first // ROWS
            assert bytes(chunk.body) == body(number, self.told.sizes[number])
            known = self.told.shown.setdefault(chunk.first, (chunk.epoch, bytes(chunk.body)))
            assert known == (chunk.epoch, bytes(chunk.body))
            self.told.kept = max(self.told.kept, number + 1)
        return consumer

    def advance(self, channel: str) -> None:
        """Be done with everything that is shown."""
        consumer, told = self.read(channel), self.told
        low = max(
            (row + ROWS for row in told.shown if channel in told.sets[row // ROWS]), default=0
        )
        if low <= consumer.cursor.low:
            return
        rows = ROWS * sum(
            channel in names for names in told.sets[consumer.cursor.low // ROWS : low // ROWS]
        )
        told.low_tried[channel] = low
        stored = consumer.advance(Cursor(low, delivered=rows))
        self.tick()
        stored.result()
        told.low[channel] = low

    def intend(self) -> None:
        """Promise to publish a file; it is synced at once, with all that is before it."""
        outputs = (Output("bucket", 0, 4, 4, "hidden", "final", 10, b"digest"),)
        self.told.intents.add(self.journal.consumer("a").intend(outputs).number)
        self.told.kept = self.told.answered

    def close(self) -> None:
        """Close; everything is synced then, unless the power is off."""
        self.journal.close()
        if not self.disk.dead:
            self.told.kept = self.told.answered

    def check(self, *, answered: bool = False) -> int:
        """Hold a recovered journal to what its user was told; return how many puts are there."""
        told = self.told
        position = self.journal.positions("source").get(b"file")
        puts = int(position.to) if position else 0
        assert told.kept <= puts <= told.tried
        assert not answered or told.answered <= puts
        for channel in ("a", "b"):
            consumer = self.journal.consumer(channel)
            low = consumer.cursor.low
            assert told.low[channel] <= low <= told.low_tried[channel]
            expected = [ROWS * n for n in range(low // ROWS, puts) if channel in told.sets[n]]
            assert [chunk.first for chunk in drain(consumer)] == expected
            stats = self.journal.stats()[channel]
            assert stats.held == ROWS * len(expected)
            assert stats.put == stats.delivered + stats.held
            assert stats.held_bytes == sum(
                len(body(r // ROWS, told.sizes[r // ROWS])) for r in expected
            )
            self.read(channel)
        assert told.intents <= {intent.number for intent in self.journal.consumer("a").intents}
        told.kept = puts
        return puts


def body(number: int, size: int) -> bytes:
    """Return what a put has."""
    return (b"%09d " % number) * (size // 10)


def drain(consumer: Consumer) -> list[Chunk]:
    """Read all that is shown, from the cursor on."""
    consumer.seek(consumer.cursor.low)
    chunks: list[Chunk] = []
    while more := consumer.read(0):
        chunks += more
    return chunks


def ended(lazy: Lazy, *steps: tuple[str, tuple[object, ...]]) -> None:
    """Do one step after the other, until the power goes."""
    with suppress(JournalFailed, PowerCut):
        for name, arguments in steps:
            getattr(lazy, name)(*arguments)


def copy(told: Told) -> Told:
    """Return the same, to be told something else."""
    return replace(
        told, sizes=[*told.sizes], sets=[*told.sets], shown=dict(told.shown), low=dict(told.low),
        low_tried=dict(told.low_tried), intents=set(told.intents),
    )  # fmt: skip
