"""Compare-and-append: a put is stored only from the stored position, session and rows."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.journal import Session
from flumec.runtime.journal.ranges import above, count, overlaps, union
from flumec.runtime.journal.records import Frame, Outcome, Progress, Put, Received, Refused, Stored
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Rig

PATIENCE = 20.0
SENDER, STREAM, EPOCH, OTHER = b"sender", b"stream", b"e" * 16, b"f" * 16


def step(start: bytes, to: bytes, key: bytes = b"file", **more: Any) -> Progress:
    return Progress("source", key, start, to, **more)


def positions(rig: Rig) -> dict[bytes, bytes]:
    return {key: progress.to for key, progress in rig.journal.positions("source").items()}


def test_a_put_from_another_position_is_refused_with_both(rig: Rig) -> None:
    rig.open()
    assert rig.outcome(rig.submit("a", progress=[step(b"", b"10")])) == Stored(0, 2)
    refused = rig.outcome(rig.submit("a", progress=[step(b"9", b"20")]))
    assert isinstance(refused, Refused)
    assert "b'9'" in refused.reason
    assert "b'10'" in refused.reason
    assert rig.rows() == [0, 1]
    assert positions(rig) == {b"file": b"10"}


def test_pipelined_puts_are_judged_in_their_order(rig: Rig) -> None:
    rig.open()
    moves = [(b"", b"1"), (b"1", b"2"), (b"1", b"3"), (b"2", b"4"), (b"4", b"5")]
    futures = [rig.submit("a", progress=[step(*move)]) for move in moves]
    stored = [isinstance(rig.outcome(future), Stored) for future in futures]
    assert stored == [True, True, False, True, True]
    assert positions(rig) == {b"file": b"5"}
    assert rig.rows() == list(range(8))


def test_all_positions_of_a_put_hold_or_none_moves(rig: Rig) -> None:
    rig.open()
    good, bad = step(b"", b"1", b"one"), step(b"x", b"1", b"two")
    assert isinstance(rig.outcome(rig.submit("a", progress=[good, bad])), Refused)
    assert positions(rig) == {}
    rig.outcome(rig.submit("a", progress=[good, step(b"1", b"2", b"one")]))
    assert positions(rig) == {b"one": b"2"}


def test_a_put_without_rows_moves_a_position(rig: Rig) -> None:
    rig.open()
    assert rig.outcome(rig.submit(progress=[step(b"", b"1")])) == Stored(0, 0)
    rig.reopen()
    assert positions(rig) == {b"file": b"1"}


def test_a_key_that_is_done_is_forgotten(rig: Rig) -> None:
    rig.open()
    rig.outcome(rig.submit(progress=[step(b"", b"1")]))
    rig.outcome(rig.submit(progress=[step(b"1", b"", done=True)]))
    assert positions(rig) == {}
    assert isinstance(rig.outcome(rig.submit(progress=[step(b"", b"7")])), Stored)
    rig.reopen()
    assert positions(rig) == {b"file": b"7"}


def test_an_identity_stays_until_another_is_given(rig: Rig) -> None:
    rig.open()
    rig.outcome(rig.submit(progress=[step(b"", b"1", identity=b"inode")]))
    rig.outcome(rig.submit(progress=[step(b"1", b"2")]))
    for get in (lambda: None, rig.reopen):
        get()
        assert rig.journal.positions("source")[b"file"].identity == b"inode"
    rig.outcome(rig.submit(progress=[step(b"2", b"3", identity=b"other")]))
    assert rig.journal.positions("source")[b"file"].identity == b"other"


def test_sources_do_not_share_keys(rig: Rig) -> None:
    rig.open()
    rig.outcome(rig.submit(progress=[step(b"", b"1")]))
    assert rig.journal.positions("other") == {}


def receive(
    rig: Rig, session: int, *ranges: tuple[int, int], settled: int = 0, epoch: bytes = EPOCH
) -> Outcome:
    received = Received(SENDER, STREAM, session, epoch, ranges, settled)
    return rig.outcome(rig.submit("a", received=received))


def test_a_row_is_received_once(rig: Rig) -> None:
    rig.open()
    assert rig.journal.session(SENDER, STREAM) == Session(1, {})
    assert isinstance(receive(rig, 1, (0, 10)), Stored)
    assert isinstance(receive(rig, 1, (20, 30)), Stored)
    for again in ((0, 10), (5, 15), (9, 10), (29, 40), (15, 25)):
        assert isinstance(receive(rig, 1, again), Refused)
    assert isinstance(receive(rig, 1, (10, 20)), Stored)
    rig.reopen()
    assert rig.journal.session(SENDER, STREAM) == Session(2, {EPOCH: ((0, 30),)})


def test_an_older_session_is_refused_and_its_queued_puts_are_settled_first(rig: Rig) -> None:
    rig.open()
    rig.journal.session(SENDER, STREAM)
    received = [Received(SENDER, STREAM, 1, EPOCH, ((n, n + 1),), 0) for n in range(50)]
    futures = [rig.submit("a", received=one) for one in received]
    session = rig.journal.session(SENDER, STREAM)
    assert all(future.done() for future in futures)
    assert session == Session(2, {EPOCH: ((0, 50),)})
    late = receive(rig, 1, (50, 51))
    assert isinstance(late, Refused)
    assert "session 1 has ended" in late.reason


def test_what_is_settled_is_forgotten_and_never_taken_again(rig: Rig) -> None:
    rig.open()
    rig.journal.session(SENDER, STREAM)
    receive(rig, 1, (0, 10))
    receive(rig, 1, (10, 20), settled=15)
    refused = receive(rig, 1, (5, 6))
    assert isinstance(refused, Refused)
    assert "settled" in refused.reason
    stream = rig.journal._state.streams[SENDER, STREAM]
    assert stream.have == {EPOCH: (15, ((15, 20),))}
    assert rig.journal.session(SENDER, STREAM).have == {EPOCH: ((0, 20),)}


def test_epochs_streams_and_senders_are_apart(rig: Rig) -> None:
    rig.open()
    rig.journal.session(SENDER, STREAM)
    receive(rig, 1, (0, 10), settled=5)
    assert isinstance(receive(rig, 1, (0, 10), epoch=OTHER), Stored)
    assert rig.journal.session(SENDER, b"another").have == {}
    assert rig.journal.session(b"another", STREAM).have == {}


def test_epochs_that_the_sender_has_settled_whole_are_freed(rig: Rig) -> None:
    rig.open()
    rig.journal.session(SENDER, STREAM)
    receive(rig, 1, (0, 10))
    receive(rig, 1, (10, 20), epoch=OTHER)
    assert rig.journal.session(SENDER, STREAM, [OTHER]).have == {OTHER: ((10, 20),)}
    rig.reopen()
    assert rig.journal.session(SENDER, STREAM).have == {OTHER: ((10, 20),)}


def test_epochs_are_known_while_their_rows_are_held(rig: Rig) -> None:
    first = rig.open().epoch
    rig.put("a")
    second = rig.reopen().epoch
    rig.put("a")
    rig.reopen()
    known = [(e.epoch, e.first, e.end) for e in rig.journal.epochs()]
    assert known == [(first, 0, 2), (second, 2, 4), (rig.journal.epoch, 4, None)]
    rig.done("a", 3)
    rig.reopen()
    assert next(e.epoch for e in rig.journal.epochs()) == second


def test_a_put_of_several_frames_is_one_transaction(rig: Rig) -> None:
    rig.open()
    frames = (Frame(("a",), 3, pa.py_buffer(b"x")), Frame(("b",), 2, pa.py_buffer(b"y")))
    put = Put(frames, (step(b"", b"1"),), dropped=4)
    assert rig.journal.submit(put).result(PATIENCE) == Stored(0, 5)
    assert (rig.rows("a"), rig.rows("b")) == ([0, 1, 2], [3, 4])


Pairs = list[tuple[int, int]]
pairs = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(tuple))


def rows(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {row for first, end in ranges for row in range(first, end)}


@given(pairs, pairs, st.integers(0, 31))
def test_ranges_are_sets_of_rows(one: Pairs, other: Pairs, row: int) -> None:
    joined = union(union((), one), other)
    assert rows(joined) == rows(one) | rows(other)
    assert all(a[1] < b[0] for a, b in pairwise(joined))
    assert overlaps(union((), one), other) == bool(rows(one) & rows(other))
    assert rows(above(joined, row)) == {r for r in rows(joined) if r >= row}
    assert count(joined) == len(rows(joined))


@pytest.mark.parametrize("session", [1, 7])
def test_a_put_needs_a_session_that_was_begun(rig: Rig, session: int) -> None:
    rig.open()
    assert isinstance(receive(rig, session, (0, 1)), Refused)
