"""The assignment of rows to members against a model: whatever fails when, each row comes out once.

Two sinks of files over a real journal. What they do is made here, so that a publish can be one
whose answer is lost; what they remember, give back and settle is the real code.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.batch import decode, encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.groups.returning import give_back
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.records import Chunk, Cursor, Frame, Intent, Output, Put
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule
from flumec.runtime.testing import CrashDisk

from tests.writers import end

STATE = Path("/state/journal")
PUTS = ["ab", "a", "bba"]
TOTAL = sum(len(hosts) for hosts in PUTS)
NAMES = ("one", "two")
RULE = PathRule("%{host}")
ACTIONS = ["take", "publish", "lost", "vain", "fail", "suspect", "recover"]


class World:
    """What outlives every process: the disk, and what was published under which intent."""

    def __init__(self) -> None:
        self.disk = CrashDisk()
        self.disk.make_directory(STATE.parent)
        self.published: dict[tuple[str, int], list[int]] = {}

    @property
    def out(self) -> Counter[int]:
        """Every row's number, as often as it was published."""
        return Counter(row for rows in self.published.values() for row in rows)


class Sink:
    """One member: it gathers rows by host, and publishes one host's at a time."""

    def __init__(self, member: Member, world: World) -> None:
        self.member, self.world = member, world
        self.open: dict[str, list[tuple[int, int]]] = {}
        self.unknown: Intent | None = None
        self.ready = False

    def begin(self) -> None:
        """Settle what is open, as a sink does before its first row."""
        note = Note.of(self.member.cursor)
        if note is None:
            note = Note("x", "/out", ((self.member.cursor.low, RULE),))
            cursor = self.member.cursor
            self.member.advance(Cursor(cursor.low, cursor.ahead, note=note.stored)).result()
        for intent in list(self.member.intents):
            key = (self.member.name, intent.number)
            if key not in self.world.published:
                if intent.number in self.member.repeated:
                    self.member.resolve(intent, None).result()
                    continue
                self.world.published[key] = self.rows_of(intent)
            ledger = Ledger(self.member.cursor)
            ledger.deliver([(o.bucket, o.end) for o in intent.outputs], ledger.low)
            rows = sum(o.rows for o in intent.outputs)
            self.member.resolve(intent, ledger.cursor(note.stored, rows)).result()
        self.open, self.unknown, self.ready = {}, None, True
        self.ledger = Ledger(self.member.cursor)
        self.position = self.ledger.low
        self.member.seek(self.position)

    def rows_of(self, intent: Intent) -> list[int]:
        """Return what an intent has hidden: it lies at the store."""
        return [int(row) for row in intent.outputs[0].hidden.split(",")]

    def take(self) -> None:
        """Read one chunk."""
        if not self.ready or self.unknown is not None:
            return
        for chunk in self.member.read(0, 1):
            for row, host, number in rows(chunk):
                if row >= self.ledger.mark(host):
                    self.open.setdefault(host, []).append((row, number))
            self.position = chunk.end
        self.move(0)

    def publish(self, how: str) -> None:
        """Publish the host whose rows are the oldest, or the youngest."""
        if not self.open or self.unknown is not None:
            return
        host = max(self.open)
        mine = self.open[host]
        hidden = ",".join(str(number) for _, number in mine)
        output = Output(host, mine[0][0], mine[-1][0] + 1, len(mine), hidden, "final", 1)
        intent = self.member.intend([output])
        if how != "vain":
            self.world.published[self.member.name, intent.number] = [n for _, n in mine]
        if how != "publish":
            self.unknown = intent
            return
        del self.open[host]
        self.ledger.deliver([(host, output.end)], self.low())
        note = self.member.cursor.note
        self.member.resolve(intent, self.ledger.cursor(note, len(mine))).result()

    def move(self, delivered: int) -> None:
        """Move the cursor over what needed nothing."""
        if self.low() > self.ledger.low:
            self.ledger.deliver([], self.low())
            self.member.advance(self.ledger.cursor(self.member.cursor.note, delivered)).result()

    def low(self) -> int:
        """Return the first row that is read and not published."""
        return min([self.position, *(mine[0][0] for mine in self.open.values())])

    def fail(self, *, resend: bool, suspects: bool = False) -> None:
        """Give back what it can, and be down; what it suspects to be the cause it keeps."""
        if self.ready:
            first = self.member.lane.left(self.member.cursor.low)
            keep = ((first, first + 1),) if suspects else ()
            give_back(self.member, resend=resend, keep=keep)
            self.open, self.unknown, self.ready = {}, None, False


def rows(chunk: Chunk) -> Iterator[tuple[int, str, int]]:
    """Yield each row as (the lane's number, host, its own number)."""
    batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
    hosts, bodies = (batch.column(name).to_pylist() for name in ("h.host", "body"))
    for place, (host, body) in enumerate(zip(hosts, bodies, strict=True)):
        yield chunk.first + place, host, int(body)


class Group:
    """An agent's process: its journal, and two sinks that share one channel."""

    def __init__(self, world: World, *, resend: bool) -> None:
        self.world, self.resend = world, resend
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(
            STATE,
            disk=self.world.disk,
            clock=SystemClock(),
            identity=Identity("h", "a", "1", "b"),
            channels=[ChannelSpec("spool", 1 << 20, durable=True)],
            sources=[],
            consumers=[ConsumerSpec(name, "spool", "sink x", group="balance") for name in NAMES],
            segment_size=1 << 14,
        )
        members = [cast("Member", self.journal.consumer(name)) for name in NAMES]
        self.sinks = [Sink(member, self.world) for member in members]
        for sink in self.sinks:
            sink.begin()

    def fill(self) -> None:
        number = 0
        for hosts in PUTS:
            numbers = [str(number + place).encode() for place in range(len(hosts))]
            number += len(hosts)
            batch = pa.record_batch({"body": pa.array(numbers, pa.binary()), "h.host": [*hosts]})
            self.journal.submit(Put((Frame(("spool",), len(hosts), encode(batch)),))).result()

    def do(self, action: str, who: int) -> None:
        sink = self.sinks[who]
        match action:
            case "take":
                sink.take()
            case "publish" | "lost" | "vain":
                sink.publish(action)
            case "fail" | "suspect":
                sink.fail(resend=self.resend, suspects=action == "suspect")
            case "recover":
                if not sink.ready or sink.unknown:
                    sink.begin()
            case _:
                self.kill()

    def kill(self) -> None:
        end(self.journal)
        self.world.disk = self.world.disk.kill()
        self.open()

    def finish(self) -> None:
        """Have both work until everything is out."""
        for _ in range(2 * TOTAL):
            for sink in self.sinks:
                sink.begin() if not sink.ready or sink.unknown else None
                sink.take()
                while sink.open:
                    sink.publish("publish")
                sink.move(0)


def live(steps: Sequence[tuple[str, int]], *, resend: bool) -> tuple[Counter[int], Group]:
    world = World()
    group = Group(world, resend=resend)
    group.fill()
    for action, who in steps:
        group.do(action, who)
        check_hands(group)
    group.finish()
    return world.out, group


def check_hands(group: Group) -> None:
    """No row is in the hands of two."""
    leases = [lease for sink in group.sinks for lease in sink.member.lane.leases]
    held = Counter(row for lease in leases for row in range(lease.row, lease.last))
    assert not held or max(held.values()) == 1, leases


def check(steps: Sequence[tuple[str, int]], *, resend: bool) -> None:
    out, group = live(steps, resend=resend)
    said = f"{steps}: {sorted(out.items())}"
    assert set(out) == set(range(TOTAL)), f"lost: {said}"
    in_doubt = any(action in ("lost", "vain") for action, _ in steps)
    if not resend or not in_doubt:
        assert max(out.values()) == 1, f"doubled: {said}"
    stats = group.journal.stats()["spool"]
    assert (stats.put, stats.delivered, stats.held, stats.held_bytes) == (TOTAL, TOTAL, 0, 0), said
    group.journal.close()
    reopened = Group(group.world, resend=resend)  # what is stored says the same
    stats = reopened.journal.stats()["spool"]
    assert (stats.delivered, stats.held, stats.held_bytes) == (TOTAL, 0, 0), said
    assert not any(sink.member.unread for sink in reopened.sinks)
    reopened.journal.close()


EVERY = [*product(ACTIONS, (0, 1)), ("kill", 0)]


@pytest.mark.parametrize(
    "seeds", [range(4), pytest.param(range(4, 12), marks=pytest.mark.slow)], ids=str
)
@pytest.mark.parametrize("resend", [False, True], ids=["wait", "resend"])
def test_hostile_lives_come_out_whole(resend: bool, seeds: range) -> None:
    for seed in seeds:
        chance = random.Random(seed)
        check([chance.choice(EVERY) for _ in range(25)], resend=resend)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("resend", [False, True], ids=["wait", "resend"])
def test_many_hostile_lives_come_out_whole(resend: bool) -> None:
    for seed in thorough.first(range(1_000, 2_500)):
        chance = random.Random(seed)
        weights = [chance.random() for _ in EVERY]
        check(chance.choices(EVERY, weights, k=30), resend=resend)


@pytest.mark.slow
@pytest.mark.parametrize("resend", [False, True], ids=["wait", "resend"])
@pytest.mark.parametrize("first", EVERY, ids=lambda step: f"{step[0]}-{step[1]}")
def test_every_short_life_comes_out_whole(first: tuple[str, int], resend: bool) -> None:
    """After one member has taken two chunks, so that there is something to go wrong with."""
    for rest in product(EVERY, repeat=2):
        check([("take", 0), ("take", 0), first, *rest], resend=resend)
