"""A batch's way into the journal: steps, routes, replicas, in one transaction."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime import chain
from flumec.runtime.agent import Agent
from flumec.runtime.batch import BODY, decode, header, with_header
from flumec.runtime.chain import Feed
from flumec.runtime.channels import File
from flumec.runtime.component import Header, Interceptor, Size
from flumec.runtime.interceptors import RegexFilter, Static, Timestamp
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Full, Outcome, Progress, Refused, Stored
from flumec.runtime.route import Arm, Drop, Optional, Otherwise, Route, channels_of
from flumec.runtime.sources import Seq
from flumec.runtime.testing import CrashDisk, ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st

SOURCE = Seq("numbers")
A, B, C = (File(name, size=Size("1MiB")) for name in "abc")


class Desk:
    """A feed over a real journal with three channels."""

    def __init__(self, room: int = 1 << 20) -> None:
        self.journal = Journal.open(
            Path("/journal"),
            disk=CrashDisk(),
            clock=ManualClock(),
            identity=Identity("h", "a", "0", "0"),
            channels=[ChannelSpec(name, room, True) for name in "abc"],
            sources=["numbers"],
            consumers=[ConsumerSpec(f"to_{name}", name) for name in "abc"],
            segment_size=1 << 20,
        )
        self.counts: dict[str, int] = {}
        self.puts: list[Any] = []
        submit = self.journal.submit
        self.context: Any = SimpleNamespace(
            host="h", address="x", clock=ManualClock(), log=logging.getLogger(), stopping=False,
            counters=SimpleNamespace(add=self._count),
        )  # fmt: skip
        self.spy = SimpleNamespace(
            submit=lambda put, **kw: (self.puts.append(put), submit(put, **kw))[1]
        )

    def _count(self, name: str, amount: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount

    def feed(self, *flows: tuple[Sequence[Any], Any]) -> Feed:
        agent = Agent("a", host="h", address="x")
        for steps, to in flows:
            agent.flow(SOURCE, *steps, to=to)
        return Feed(agent.flows, self.spy, self.context)

    def read(self, channel: str) -> list[bytes]:
        consumer = self.journal.consumer(f"to_{channel}")
        consumer.seek(0)
        found: list[bytes] = []
        while chunks := consumer.read(0):
            for chunk in chunks:
                found += decode(chunk.body).slice(chunk.skip, chunk.rows).column(BODY).to_pylist()
        return found


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.journal.close()


def events(*bodies: bytes, kind: list[str | None] | None = None) -> pa.RecordBatch:
    batch = pa.record_batch([pa.array(bodies, pa.binary())], names=[BODY])
    return batch if kind is None else with_header(batch, "kind", pa.array(kind, pa.utf8()))


def step(start: bytes, to: bytes) -> list[Progress]:
    return [Progress("numbers", b"k", start, to)]


def result(future: "Future[Outcome]") -> Outcome:
    return future.result(10)


def test_a_copy_to_each_channel_is_one_frame(desk: Desk) -> None:
    feed = desk.feed(((), (A, B)))

    assert result(feed.put(events(b"1", b"2"))) == Stored(0, 2)
    assert desk.read("a") == desk.read("b") == [b"1", b"2"]
    assert [frame.channels for frame in desk.puts[0].frames] == [("a", "b")]


def test_rows_of_a_route_go_where_their_header_says(desk: Desk) -> None:
    route = Route("kind", Arm("x", "y", to=A), Arm("z", to=(B, C)), otherwise=Drop())
    feed = desk.feed(((), route))

    kinds = ["x", "z", None, "y", "?", "z"]
    result(feed.put(events(*b"0 1 2 3 4 5".split(), kind=kinds)))
    assert desk.read("a") == [b"0", b"3"]
    assert desk.read("b") == desk.read("c") == [b"1", b"5"]
    assert desk.counts == {"events_dropped": 2}
    assert desk.puts[0].dropped == 2
    assert len(desk.puts) == 1


def test_arms_with_equal_ends_keep_their_order(desk: Desk) -> None:
    route = Route("kind", Arm("x", to=A), Arm("y", to=A), otherwise=A)
    feed = desk.feed(((), route))

    result(feed.put(events(b"0", b"1", b"2", kind=["y", "x", None])))
    assert desk.read("a") == [b"0", b"1", b"2"]
    assert len(desk.puts[0].frames) == 1


def test_an_arm_has_steps_of_its_own(desk: Desk) -> None:
    marked = (Static(Header("env"), "prod"),)
    route = Route(
        "kind", Arm("x", to=A, steps=marked), otherwise=Otherwise(to=B, steps=(RegexFilter("k"),))
    )
    feed = desk.feed(((), route))

    result(feed.put(events(b"1", b"keep", b"lose", kind=["x", "y", "y"])))
    frames = {frame.channels: decode(frame.body) for frame in desk.puts[0].frames}
    assert header(frames["a",], "env").to_pylist() == ["prod"]
    assert desk.read("b") == [b"keep"]
    assert desk.puts[0].dropped == 1
    assert desk.counts == {"events_filtered": 1}


def test_a_route_without_the_header_anywhere_takes_otherwise(desk: Desk) -> None:
    feed = desk.feed(((), Route("kind", Arm("x", to=A), otherwise=B)))

    result(feed.put(events(b"1")))
    assert desk.read("b") == [b"1"]


def test_two_chains_are_one_transaction(desk: Desk) -> None:
    feed = desk.feed(((), A), ((Timestamp(), RegexFilter("2")), B))

    assert result(feed.put(events(b"1", b"2"), step(b"", b"2"))) == Stored(0, 3)
    assert desk.read("a") == [b"1", b"2"]
    assert desk.read("b") == [b"2"]
    assert len(desk.puts) == 1


def test_what_is_filtered_out_whole_still_moves_the_position(desk: Desk) -> None:
    feed = desk.feed(((RegexFilter("never"),), A))

    assert isinstance(result(feed.put(events(b"1", b"2"), step(b"", b"2"))), Stored)
    assert desk.journal.positions("numbers")[b"k"].to == b"2"
    assert desk.counts == {"events_filtered": 2}
    assert isinstance(result(feed.put(None, step(b"2", b"3"))), Stored)
    assert desk.journal.positions("numbers")[b"k"].to == b"3"


def test_what_is_refused_or_full_counts_nothing_as_dropped() -> None:
    desk = Desk(room=4096)
    feed = desk.feed(((), Route("kind", Arm("x", to=A), otherwise=Drop())))
    large = b"x" * 3000

    first = result(feed.put(events(large, b"y", kind=["x", "y"]), step(b"", b"1"), wait=False))
    full = result(feed.put(events(large, b"y", kind=["x", "y"]), step(b"1", b"2"), wait=False))
    stale = result(feed.put(events(b"y", kind=["y"]), step(b"", b"2")))
    assert isinstance(first, Stored)
    assert full == Full("a")
    assert isinstance(stale, Refused)
    assert desk.counts == {"events_dropped": 1}
    desk.journal.close()


def test_an_optional_channel_is_left_out_when_it_is_full() -> None:
    desk = Desk(room=8192)
    only_b = desk.feed(((), B))
    both = desk.feed(((), (A, Optional(B))))
    while isinstance(result(only_b.put(events(b"x" * 1000), wait=False)), Stored):
        pass
    before = desk.read("b")

    assert isinstance(result(both.put(events(b"1" * 1000), wait=False)), Stored)
    assert desk.read("a") == [b"1" * 1000]
    assert desk.read("b") == before
    desk.journal.close()


def test_a_channel_that_one_arm_requires_is_required_in_that_put(desk: Desk) -> None:
    route = Route("kind", Arm("x", to=(A, Optional(B))), otherwise=B)
    feed = desk.feed(((), route))

    result(feed.put(events(b"1", b"2", kind=["x", "y"])))
    result(feed.put(events(b"3", kind=["x"])))
    assert [put.optional for put in desk.puts] == [frozenset(), frozenset({"b"})]


def test_large_batches_become_several_frames_of_one_put(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "LARGEST_BODY", 4096)
    feed = desk.feed(((), A))
    bodies = [b"%d" % n * 500 for n in range(50)]

    result(feed.put(events(*bodies, b"y" * 10_000)))
    assert desk.read("a") == [*bodies, b"y" * 10_000]
    assert len(desk.puts) == 1
    assert len(desk.puts[0].frames) > 5
    assert max(f.body.size for f in desk.puts[0].frames if f.rows > 1) < 6000


def test_rows_that_nothing_touches_are_not_copied(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    encode = chain.encode
    monkeypatch.setattr(
        chain, "encode", lambda b: (seen.append(b.column(BODY).buffers()[2].address), encode(b))[1]
    )
    batch = events(b"1", b"2", kind=["x", "x"])
    address = batch.column(BODY).buffers()[2].address
    result(desk.feed(((Timestamp(),), Route("kind", Arm("x", to=A), otherwise=Drop()))).put(batch))

    assert seen == [address]


def test_what_an_interceptor_raises_reaches_the_source(desk: Desk) -> None:
    class Broken(Interceptor, type="broken"):
        """Fails."""

        def open(self, context: Any) -> Any:
            return {}.__getitem__

    feed = desk.feed(((Broken(),), A))

    with pytest.raises((KeyError, TypeError)):
        feed.put(events(b"1"), step(b"", b"1"))
    assert desk.puts == []


kinds = st.one_of(st.none(), st.sampled_from(["x", "y", "z"]))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(kinds, min_size=1, max_size=12), st.permutations("xyz"), st.integers(0, 3))
def test_every_row_goes_to_exactly_its_end(
    values: list[str | None], order: list[str], arms: int
) -> None:
    desk = Desk()
    ends = dict(zip(order[:arms], (A, B, C), strict=False))
    route = Route("kind", *(Arm(v, to=c) for v, c in ends.items()), otherwise=Drop())
    feed = desk.feed(((), route))
    bodies = [b"%d" % n for n in range(len(values))]
    result(feed.put(events(*bodies, kind=values)))

    for value, channel in ends.items():
        wanted = [body for body, kind in zip(bodies, values, strict=True) if kind == value]
        assert desk.read(channel.name) == wanted
    assert desk.counts.get("events_dropped", 0) == sum(value not in ends for value in values)
    desk.journal.close()


def test_two_arms_cannot_name_one_value() -> None:
    with pytest.raises(ValueError, match="'x'"):
        Route("kind", Arm("x", "y", to=A), Arm("x", to=B), otherwise=Drop())


def test_channels_of_an_end() -> None:
    route = Route("kind", Arm("x", to=(A, Optional(B))), Arm("y", to=A), otherwise=Drop())

    assert channels_of(route) == (A, B)
    assert channels_of((A, Drop())) == (A,)
    assert channels_of(Optional(C)) == (C,)
