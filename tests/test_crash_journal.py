"""The power goes at every disk operation: the acknowledged is there once, the rest whole or not."""

import uuid
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.clock import SystemClock
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, JournalFailed
from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Frame,
    Full,
    Outcome,
    Output,
    Progress,
    Put,
    Received,
    Stored,
)
from flumec.runtime.testing import (
    EVERYTHING,
    NOTHING,
    CrashDisk,
    PowerCut,
    Survival,
)

DIRECTORY = Path("/state/journal")
NOON = 1_700_000_000_000_000_000
SENDER, STREAM, EPOCH = b"sender's journal", b"stream", b"an epoch: 16 byt"
EVERY = [
    NOTHING,
    Survival(0.5, 1.0, torn=True),
    Survival(0.7, 1.0, order="any", seed=1),
    EVERYTHING,
    Survival(0.5, 0.5, order="last"),
    *(Survival(0.5, torn=True, seed=seed, apart=True) for seed in range(3)),
]
SURVIVALS = [NOTHING, *(pytest.param(each, marks=pytest.mark.slow) for each in EVERY[1:])]


class Noon(SystemClock):
    """A clock that always says the same."""

    def now_ns(self) -> int:
        return NOON


def open_journal(disk: CrashDisk) -> Journal:
    return Journal.open(
        DIRECTORY,
        disk=disk,
        clock=Noon(),
        identity=Identity("host", "agent", "1", "bundle"),
        channels=[ChannelSpec("a", 1 << 20, True), ChannelSpec("b", 1 << 20, True)],
        sources=["source"],
        consumers=[ConsumerSpec("reads a", "a"), ConsumerSpec("reads b", "b")],
        segment_size=16 << 10,
    )


class DiskIsFullError(Exception):
    """The put was not stored, and says so."""


@dataclass
class World:
    """A journal in use, and what its user was told: `tried` may be there, `done` must be."""

    journal: Journal
    sizes: list[int] = field(default_factory=list)
    sets: list[tuple[str, ...]] = field(default_factory=list)
    done: int = 0
    low_tried: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    low_done: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    intents_tried: set[int] = field(default_factory=set)
    intents_done: set[int] = field(default_factory=set)
    resolved_tried: set[int] = field(default_factory=set)
    resolved_done: set[int] = field(default_factory=set)
    received_tried: list[tuple[int, int]] = field(default_factory=list)
    received_done: list[tuple[int, int]] = field(default_factory=list)
    session_tried: int = 0
    session_done: int = 0

    def put(self, *channels: str, size: int = 100, received: Received | None = None) -> None:
        """Put two rows; the source's position is the number of its puts."""
        number = len(self.sizes)
        self.sizes.append(size)
        self.sets.append(channels)
        start = str(number).encode() if number else b""
        progress = Progress("source", b"file", start, str(number + 1).encode())
        frame = Frame(channels, 2, pa.py_buffer(body(number, size)))
        put = Put((frame,), (progress,), received)
        outcome: Future[Outcome] = self.journal.submit(put)
        if outcome.result() == Full("disk"):
            del self.sizes[number:], self.sets[number:]
            raise DiskIsFullError
        assert outcome.result() == Stored(2 * number, 2)
        self.done = number + 1

    def advance(self, channel: str, puts: int) -> None:
        """Read on, and be done with everything up to a number of puts."""
        consumer = self.journal.consumer(f"reads {channel}")
        low = 2 * puts
        while consumer.read(0):
            pass
        rows = 2 * sum(channel in names for names in self.sets[self.low_done[channel] // 2 : puts])
        self.low_tried[channel] = low
        consumer.advance(Cursor(low, delivered=rows)).result()
        self.low_done[channel] = low

    def intend(self) -> None:
        """Promise to publish a file."""
        consumer = self.journal.consumer("reads a")
        number = len(self.intents_tried) + 1
        self.intents_tried.add(number)
        outputs = (Output("bucket", 0, 4, 4, "hidden", "final", 10, b"digest"),)
        assert consumer.intend(outputs).number == number
        self.intents_done.add(number)

    def resolve(self, puts: int) -> None:
        """Close the oldest intent, with a cursor."""
        consumer = self.journal.consumer("reads a")
        intent = consumer.intents[0]
        self.resolved_tried.add(intent.number)
        self.low_tried["a"] = 2 * puts
        rows = 2 * sum("a" in names for names in self.sets[self.low_done["a"] // 2 : puts])
        consumer.resolve(intent, Cursor(2 * puts, delivered=rows)).result()
        self.resolved_done.add(intent.number)
        self.low_done["a"] = 2 * puts

    def begin_session(self) -> None:
        """Begin a stream's next session."""
        self.session_tried += 1
        session = self.journal.session(SENDER, STREAM)
        assert session.number >= self.session_tried
        self.session_tried = self.session_done = session.number

    def receive(self, first: int, end: int, settled: int = 0) -> None:
        """Put rows of a sender."""
        self.received_tried.append((first, end))
        received = Received(SENDER, STREAM, self.session_done, EPOCH, ((first, end),), settled)
        self.put("a", received=received)
        self.received_done.append((first, end))


def body(number: int, size: int) -> bytes:
    return (b"%09d " % number) * (size // 10)


def check(world: World, journal: Journal) -> None:
    """Hold a recovered journal to what its user was told."""
    position = journal.positions("source").get(b"file")
    puts = int(position.to) if position else 0
    assert world.done <= puts <= len(world.sizes)
    for channel in ("a", "b"):
        check_channel(world, journal, channel, puts)
    open_intents = {intent.number for intent in journal.consumer("reads a").intents}
    assert world.intents_done - world.resolved_tried <= open_intents
    assert open_intents <= world.intents_tried - world.resolved_done
    if world.session_tried:
        session = journal.session(SENDER, STREAM)
        assert session.number in range(world.session_done + 1, world.session_tried + 2)
        have = session.have.get(EPOCH, ())
        rows = {row for first, end in have for row in range(first, end)}
        must = {row for first, end in world.received_done for row in range(first, end)}
        may = {row for first, end in world.received_tried for row in range(first, end)}
        assert must <= rows <= may
        world.session_tried = world.session_done = session.number


def check_channel(world: World, journal: Journal, channel: str, puts: int) -> None:
    consumer = journal.consumer(f"reads {channel}")
    low = consumer.cursor.low
    assert low in (world.low_done[channel], world.low_tried[channel])
    expected = [
        (2 * number, 2, body(number, world.sizes[number]))
        for number in range(puts)
        if channel in world.sets[number] and 2 * number >= low
    ]
    assert [(c.first, c.rows, bytes(c.body)) for c in drain(consumer)] == expected
    stats = journal.stats()[channel]
    assert stats.put == 2 * sum(channel in names for names in world.sets[:puts])
    assert stats.held == 2 * len(expected)
    assert stats.put == stats.delivered + stats.dropped + stats.dead_lettered + stats.held
    assert stats.held_bytes == sum(len(content) for _, _, content in expected)
    assert stats.oldest_born == (NOON if expected else None)


def drain(consumer: Consumer) -> list[Chunk]:
    consumer.seek(consumer.cursor.low)
    chunks: list[Chunk] = []
    while more := consumer.read(0):
        chunks += more
    return chunks


def goes_on(world: World, journal: Journal) -> None:
    """Put and deliver once more."""
    position = journal.positions("source").get(b"file")
    puts = int(position.to) if position else 0
    world.journal = journal
    del world.sizes[puts:], world.sets[puts:]
    for channel in ("a", "b"):
        world.low_done[channel] = journal.consumer(f"reads {channel}").cursor.low
    world.put("a", "b")
    world.advance("a", puts + 1)
    world.advance("b", puts)
    check(world, journal)


Script = Callable[[World], None]


def puts_with_progress(world: World) -> None:
    for _ in range(4):
        world.put("a")


def two_channels_and_cursors(world: World) -> None:
    world.put("a")
    world.put("a", "b")
    world.advance("a", 1)
    world.put("b")
    world.advance("b", 2)
    world.advance("a", 3)
    world.put("a", "b")


def segments_come_and_go(world: World) -> None:
    for number in range(6):
        world.put("a", size=6000)
        world.advance("a", number)
    world.put("b")
    world.advance("a", 7)
    world.put("a", size=9000)


def settle(world: World) -> None:
    """Wait until what is freed is freed, so that each run does the same."""
    world.journal.positions("source")
    world.journal._writer._space.settle()


def segments_are_rewritten(world: World) -> None:
    """Two of them without what one channel is past; then one is read on, and one dies."""
    world.put("b", size=200)
    world.put("a", size=9500)
    world.put("a", "b", size=200)
    world.put("a", size=9500)
    world.advance("a", 2)
    settle(world)
    world.put("b", size=9500)
    world.advance("a", 4)
    settle(world)
    world.advance("b", 1)
    world.advance("b", 3)
    settle(world)


def large_bodies_go_beside_small_ones(world: World) -> None:
    world.put("b", size=70_000)
    world.put("a", size=70_000)
    world.put("a", "b", size=70_000)
    world.advance("a", 3)
    settle(world)
    world.put("a", size=70_000)
    world.advance("a", 4)
    settle(world)
    world.advance("b", 1)


def intents(world: World) -> None:
    world.put("a")
    world.put("a")
    world.intend()
    world.resolve(1)
    world.intend()
    world.put("b")


def sessions(world: World) -> None:
    world.begin_session()
    world.receive(0, 10)
    world.receive(20, 30)
    world.begin_session()
    world.receive(10, 15)


SCRIPTS: list[Script] = [
    puts_with_progress,
    two_channels_and_cursors,
    segments_come_and_go,
    segments_are_rewritten,
    large_bodies_go_beside_small_ones,
    intents,
    sessions,
]


def fresh() -> CrashDisk:
    disk = CrashDisk()
    disk.make_directory(DIRECTORY.parent)
    return disk


def run(script: Script, disk: CrashDisk) -> World | None:
    """Run a script until the power goes; None if it went before the journal was open."""
    try:
        journal = open_journal(disk)
    except PowerCut:
        return None
    world = World(journal)
    try:
        script(world)
        journal.close()
    except (JournalFailed, PowerCut):
        pass
    journal.close()
    return world


def operations(script: Script) -> int:
    disk = fresh()
    before = disk.operations
    assert run(script, disk) is not None
    assert not disk.dead
    return disk.operations - before


def crashes(
    script: Script, begin: Callable[[], None] = lambda: None, stride: int = 1
) -> Iterator[tuple[World, CrashDisk]]:
    """Yield the disk after a cut at each operation, and what the user was told until then."""
    for cut in range(1, operations(script) + 2, stride):
        begin()
        disk = fresh()
        disk.cut_at = disk.operations + cut
        world = run(script, disk)
        if world is not None:
            yield world, disk


@pytest.mark.parametrize(
    ("survival", "stride"),
    [(NOTHING, 11), *(pytest.param(each, 1, marks=pytest.mark.slow) for each in EVERY)],
    ids=str,
)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_every_cut(script: Script, survival: Survival, stride: int) -> None:
    seen = 0
    for world, disk in crashes(script, stride=stride):
        journal = open_journal(disk.reboot(survival))
        check(world, journal)
        goes_on(world, journal)
        journal.close()
        seen += stride
    assert seen > 8


class Numbers:
    """Names for epochs that are the same in each try, so that equal disks can be told."""

    def __init__(self) -> None:
        self.last = 0

    def begin(self, after: int = 0) -> None:
        self.last = after

    def __call__(self) -> uuid.UUID:
        self.last += 1
        return uuid.UUID(int=self.last)


class Tried:
    """The disks that were tried, each with what the user had been told."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, Hashable]] = set()

    def is_new(self, world: World, disk: CrashDisk) -> bool:
        """Return whether a disk that has come back was not tried yet, and note it."""
        key = repr(replace(world, journal=None)), disk.picture()  # type: ignore[type-var]
        new = key not in self._keys
        self._keys.add(key)
        return new

    @property
    def count(self) -> int:
        return len(self._keys)


@pytest.mark.slow
@pytest.mark.parametrize("survival", SURVIVALS, ids=str)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_every_cut_while_recovering(
    script: Script, survival: Survival, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many cuts leave the same disk, as before and after a write that does not survive: once."""
    numbers, recovered, opened = Numbers(), Tried(), Tried()
    monkeypatch.setattr(uuid, "uuid4", numbers)
    some = thorough.phase(survival), None, thorough.step()
    for world, disk in islice(crashes(script, numbers.begin), *some):
        after = disk.reboot(survival)
        cut, more = 0, recovered.is_new(world, after)
        while more:
            cut += 1
            again = after.reboot(EVERYTHING, cut_at=cut)
            numbers.begin(1000)
            with suppress(PowerCut):
                open_journal(again).close()
            back = again.reboot(survival)
            if opened.is_new(world, back):
                final = open_journal(back)
                check(replace(world), final)
                final.close()
            more = again.dead and again.operations >= cut
    assert opened.count > 20 / thorough.step()


@pytest.mark.parametrize(
    ("script", "stride"),
    [
        *((script, 5) for script in (two_channels_and_cursors, intents, sessions)),
        *(pytest.param(script, 1, marks=pytest.mark.slow) for script in SCRIPTS),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_power_cut_after_a_kill_takes_nothing_that_was_acknowledged(
    script: Script, stride: int
) -> None:
    """What the killed process wrote and did not sync, the next one sees; the disk may not have it.

    So whatever is built on it must have been made safe before.
    """
    for cut in range(1, operations(script) + 2, stride):
        disk = fresh()
        disk.cut_at = disk.operations + cut
        world = run(script, disk)
        after = disk.kill()
        journal = open_journal(after)
        world = world or World(journal)
        check(world, journal)
        goes_on(world, journal)
        lost = after.reboot(NOTHING)
        journal.close()
        final = open_journal(lost)
        check(world, final)
        final.close()


def a_full_disk(world: World, disk: CrashDisk) -> None:
    """Fill the disk, use up both reserves and what is made of their blocks, and drain."""
    world.put("a", size=6000)
    disk.room = disk.allocated() + 20_000
    with suppress(DiskIsFullError):
        while True:
            world.put("a", size=6000)
    for _ in range(80):
        world.advance("a", 0)
    world.advance("a", world.done)


@pytest.mark.slow
@pytest.mark.parametrize("survival", SURVIVALS, ids=str)
def test_every_cut_on_a_full_disk(survival: Survival, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flumec.runtime.journal.log._SPARE", 8192)
    for cut in count(1 + thorough.phase(survival), thorough.step()):
        disk = fresh()
        world = World(open_journal(disk))
        disk.cut_at = disk.operations + cut
        with suppress(JournalFailed, PowerCut):
            a_full_disk(world, disk)
            world.journal.close()
        if not disk.dead:
            break
        world.journal.close()
        after = disk.reboot(survival)
        journal = open_journal(after)
        check(world, journal)
        journal.close()
        after.room = None
        journal = open_journal(after)
        check(world, journal)
        goes_on(world, journal)
        journal.close()
    assert sum("rename reserve" in what for what in disk.log) > 2
