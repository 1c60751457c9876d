"""What comes by a link goes through a chain of the receiving agent, in the receipt's own step.

A sender, a receiver with a chain that filters and routes, real journals, and a network and power
not to be trusted: each event is in all channels that it belongs into, once, under the tag of its
first put. What a filter or a route takes out is done with at the sender all the same.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.agent import Agent
from flumec.runtime.batch import decode, with_header
from flumec.runtime.channels import File
from flumec.runtime.component import Header, Interceptor, Size
from flumec.runtime.interceptors import RegexExtract, RegexFilter, Static
from flumec.runtime.journal import Journal
from flumec.runtime.journals import Journals, Layout
from flumec.runtime.links.intake import Intake
from flumec.runtime.links.messages import Ack, Delivery, Reject
from flumec.runtime.links.receiver_session import Station
from flumec.runtime.links.register import Register
from flumec.runtime.route import Arm, Drop, Optional, Route
from flumec.runtime.site import Site as Surrounding
from flumec.runtime.sockets import Sockets
from flumec.runtime.sources import LinkSource
from flumec.runtime.testing import Survival
from flumec.runtime.worker import Role, Worker

from tests.link.conftest import LINK as LINKED
from tests.link.conftest import End
from tests.link.power import cut_at_every_operation, survivals
from tests.link.test_link_model import LINK, WIRE, Line, Machine, World, frame, over_the_wire

FEED = LinkSource("feed")
EVEN, ODD, ALL, SOME = (File(name, size=Size("1MiB")) for name in ("in", "odd", "all", "some"))
NAMES = ("in", "odd", "all", "some")

WAYS = (
    ((RegexFilter("7$", exclude=True), RegexExtract("([0-9])$", into=(Header("last"),))),
     Route("last", Arm("0", "2", "4", "6", "8", to=EVEN), Arm("5", to=Drop()),
           otherwise=(ODD, Optional(SOME)))),
    ((RegexFilter("7$", exclude=True), Static(Header("seen"), "yes")), ALL),
)  # fmt: skip
"""Ends in 7: gone. Even: `in`; 5: dropped; else `odd`, perhaps `some`. All but 7: `all` too."""


def intake(journal: Journal, ways: Any = WAYS, host: str = "b", **clock: Any) -> Intake:
    """Return a feed's chains over a journal."""
    agent = Agent(host, host=host, address="127.0.0.1", columns=("last",))
    for steps, to in ways:
        agent.flow(FEED, *steps, to=to)
    layout = Layout(dict.fromkeys(NAMES, "default"), {"feed": "default"})
    journals = Journals({"default": journal}, layout)
    site = Surrounding(
        host, host, "127.0.0.1", Path("/state"), clock["clock"], clock["disk"], Sockets(), journals
    )
    worker = Worker(FEED, Role.SOURCE, clock["clock"], lambda: None)
    return Intake(site, worker, agent.columns, agent.flows)


def belongs(channel: str, value: int) -> bool:
    last = value % 10
    if last == 7:
        return False
    return {"in": last % 2 == 0, "odd": last in (1, 3, 9), "all": True}[channel]


class Fed(World):
    """The world of the link's model, with a chain at the end of it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.collector.journal.close()
        self.collector = Machine("b", NAMES)
        self.start_collector()

    def start_collector(self) -> None:
        if self.collector.channels == NAMES:
            self.collector.start()
            self.chain = intake(
                self.collector.journal, clock=self.collector.clock, disk=self.collector.disk
            )
            self.station = Station(
                "b", "b", self.collector.journal, {LINK: (WIRE, ())}, Register(3000, 3000, 9),
                1 << 20, intakes={LINK: self.chain},
            )  # fmt: skip
        else:
            super().start_collector()

    def deliver(self, line: Line) -> None:
        if not line.data or not self.collector.up:
            return
        delivery = over_the_wire(line.data.popleft())
        assert isinstance(delivery, Delivery)
        put = line.receiver.take(delivery)
        assert not isinstance(put, Reject)
        assert put.received
        assert line.receiver.intake is self.chain or line in self.late
        outcome = self.chain.receive(delivery, put.received, lambda: False).result()
        line.receiver.settled(delivery, outcome)
        ack = line.receiver.ack()
        assert isinstance(ack, Ack)
        line.acks.append(frame(ack))

    def held(self, channel: str) -> list[tuple[int, bytes, int]]:
        """Return (value, epoch and row of the tag) of what a channel holds, in order."""
        rows = []
        reader = self.collector.journal.consumer(f"{channel}-reader")
        while chunks := reader.read(0):
            for chunk in chunks:
                batch = decode(chunk.body)
                assert "row" not in batch.schema.names
                assert chunk.tags is not None
                names = [(t.epoch, t.row + i) for t in chunk.tags for i in range(t.count)]
                values = [int(v) for v in batch.column("body").to_pylist()]
                rows += [(v, *name) for v, name in zip(values, names, strict=True)]
        return rows


def hold(world: Fed, which: str) -> None:
    """Let everything arrive, and hold each channel to what belongs into it."""
    world.quiesce()
    seen = {name: world.held(name) for name in NAMES}
    named = {value: name for value, *name in seen["all"]}
    for channel in ("in", "odd", "all"):
        values = [value for value, _, _ in seen[channel]]
        assert values == sorted(set(values)), f"{which}, {channel}: doubled or out of order"
        lost = {v for v in world.sure if belongs(channel, v)} - set(values)
        assert not lost, f"{which}, {channel}: lost {sorted(lost)}"
        assert all(belongs(channel, value) for value in values), f"{which}, {channel}: astray"
        assert all(named[value] == name for value, *name in seen[channel]), f"{which}: renamed"
    stats = world.collector.journal.stats()
    for name in NAMES:
        assert stats[name].put == stats[name].held == len(seen[name]), f"{which}: {name}"
    world.close()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 200, 10))]
)
def test_every_event_is_once_in_every_channel_that_it_belongs_into(seed: int) -> None:
    for each in range(seed, seed + (10 if seed else 2)):
        world = Fed(each)
        for _ in range(150):
            world.step()
        hold(world, f"seed {each}")


Step = Callable[[World], None]
EXCHANGE: tuple[Step, ...] = (
    World.send, World.receive, World.send, World.acknowledge, World.send, World.receive,
    World.settle, World.receive,
)  # fmt: skip
STORY: tuple[Step, ...] = (
    *[World.put] * 8, World.connect, *EXCHANGE, World.cut, World.put, World.connect, *EXCHANGE,
    *EXCHANGE, World.deliver_late, World.acknowledge, World.acknowledge, World.settle, World.put,
)  # fmt: skip


@survivals(5)
def test_the_power_goes_at_every_disk_operation_of_the_receiver(
    survival: Survival, stride: int
) -> None:
    cut_at_every_operation(
        lambda: Fed(11), lambda world: world.collector, STORY, hold, survival, stride
    )


@pytest.fixture
def fed(site: Any) -> Any:
    """Return a receiver with a real socket whose link leads to a chain."""
    end = site.end("collector")
    begin(end, WAYS)
    end.start(site.receiver())
    return end


def begin(end: End, ways: Any) -> None:
    end.links = {LINKED: (end.links[LINKED][0], ())}
    only = [(steps, one) for steps, one in ways]
    end.intakes = {LINKED: intake(end.journal, only, "collector", clock=end.clock, disk=end.disk)}


SPOOL = File("spool", size=Size("64MiB"))


def test_a_filter_that_takes_all_of_a_frame_settles_it(site: Any) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    begin(collector, [((RegexFilter("^1"),), SPOOL)])
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    tailer.put(range(20, 30))
    tailer.put(range(5, 15))
    tailer.put([7])

    assert collector.take(5) == [10, 11, 12, 13, 14]
    site.eventually(lambda: tailer.held == 0)
    assert not any(tailer.failing)
    counters = collector.intakes[LINKED].counters.counts
    assert counters["events_received"] == counters["events_accepted"] == 21
    assert counters["events_filtered"] == 16


def test_the_time_of_birth_and_the_tags_come_through_the_chain(site: Any) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    begin(collector, [((RegexFilter("[05]$"), Static(Header("seen"), "yes")), SPOOL)])
    collector.start(site.receiver())
    tailer.put(range(100, 120))
    (before,) = tailer.consumer.read(1)
    tailer.consumer.seek(0)
    tailer.start(site.sender(collector.port))

    (chunk,) = collector.chunks(1)

    assert chunk.born == before.born
    epoch = tailer.journal.epoch
    assert [(t.epoch, t.row, t.count) for t in chunk.tags] == [
        (epoch, row, 1) for row in (0, 5, 10, 15)
    ]
    assert decode(chunk.body).column("h.seen").to_pylist() == ["yes"] * 4


class Fails(Interceptor, type="fails"):
    """Cannot take a certain event."""

    def open(self, context: Any) -> Any:
        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            if b"13" in batch.column("body").to_pylist():
                raise ValueError("thirteen")
            return batch

        return step


def test_events_that_the_chain_cannot_take_are_rejected_with_the_reason(site: Any) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    begin(collector, [((Fails(),), SPOOL)])
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    tailer.put(range(5))
    assert collector.take(5) == list(range(5))
    tailer.put([12, 13])

    site.eventually(lambda: tailer.failing and "rejects" in tailer.failing[-1])
    site.match("the chain of `feed` cannot take them: .*thirteen", tailer.failing[-1])
    assert collector.held == 0
    assert tailer.held == 2


class Swells(Interceptor, type="swells"):
    """Makes large events of small ones."""

    def open(self, context: Any) -> Any:
        return lambda batch: with_header(batch, "x", pa.array(["x" * (40 << 20)] * batch.num_rows))


def test_a_chain_that_makes_more_than_can_be_stored_at_once_rejects(site: Any) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    begin(collector, [((Swells(),), SPOOL)])
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    tailer.put(range(2))

    site.eventually(lambda: tailer.failing and "rejects" in tailer.failing[-1])
    site.match("67108864 are the most that is stored at once", tailer.failing[-1])


def test_room_is_taken_in_all_required_channels_or_in_none(site: Any) -> None:
    tailer, collector = site.end("tailer"), site.end("collector", size="64KiB")
    begin(collector, [((), SPOOL)])
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    for turn in range(40):
        tailer.put_bodies([b"%d" % turn + b"." * 5_000])

    site.eventually(lambda: collector.held > 8)
    assert tailer.held > 0
    assert not any(tailer.failing)
    got: list[bytes] = []
    while len(got) < 40:
        for chunk in collector.consumer.read(1):
            got += decode(chunk.body).column("body").to_pylist()
            collector.consumer.advance(replace(collector.consumer.cursor, low=chunk.end)).result(9)
    assert [int(body.rstrip(b".")) for body in got] == list(range(40))
