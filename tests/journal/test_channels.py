"""Channels come, go and are renamed with their bundle; what was put stays where it was put."""

import os
import subprocess
import sys

import pytest
from flumec.runtime.journal import (
    ChannelSpec,
    ConsumerSpec,
    JournalFailed,
    JournalLocked,
    StateError,
    snapshot,
)
from flumec.runtime.journal.codec import Decoder
from flumec.runtime.journal.entries import Kind, record, records
from flumec.runtime.journal.records import Cursor, Output, Stored

from .conftest import Rig

A, B = ChannelSpec("a", 1 << 20, durable=True), ChannelSpec("b", 1 << 20, durable=True)
PATIENCE = 20.0


def test_a_new_channel_begins_at_the_journals_end(rig: Rig) -> None:
    rig.open(A)
    rig.put("a")
    rig.reopen(A, B)
    assert rig.consumer("b").cursor == Cursor(2)
    rig.put("a", "b")
    assert (rig.rows("a"), rig.rows("b")) == ([0, 1, 2, 3], [2, 3])


def test_a_removed_channel_keeps_its_rows_and_its_segments(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("b")
    rig.reopen(A)
    assert rig.journal.stats()["b"].held == 2
    for _ in range(10):
        rig.put("a", size=3000)
        rig.done("a", rig.journal._state.next_row)
    rig.reopen(A, B)
    assert rig.rows("b") == [0, 1]


def test_it_is_known_that_a_channel_was_removed_until_it_comes_back(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("b")
    for channels, declared in (((A,), False), ((A, B), True)):
        rig.reopen(*channels)
        recovered = snapshot.decode(_only_record(snapshot.encode(rig.journal._state)))
        assert [c.declared for c in recovered.channels.values()] == [True, declared]


def test_a_section_of_a_newer_version_is_passed_over(rig: Rig) -> None:
    rig.open(A)
    rig.put("a")
    known = snapshot.encode(rig.journal._state)
    longer = record(Kind.SNAPSHOT, known[5:] + b"\xf0" + (3).to_bytes(4, "little") + b"new")
    assert snapshot.encode(snapshot.decode(_only_record(longer))) == known


def _only_record(head: bytes) -> Decoder:
    ((_, data),) = records(head)
    return data


def test_a_renamed_channel_keeps_rows_and_place(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("b")
    rig.put("b")
    rig.done("b", 2)
    rig.consumers = [ConsumerSpec("b", "new")]
    rig.reopen(A, ChannelSpec("new", 1 << 20, durable=True, formerly="b"))
    assert rig.rows("b") == [2, 3]
    rig.reopen(A, ChannelSpec("new", 1 << 20, durable=True, formerly="b"))
    assert rig.balance("new") == (4, 2, 0, 2)


def test_a_former_name_that_is_a_channel_again_is_left_alone(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("b")
    rig.reopen(B, ChannelSpec("c", 1 << 20, durable=True, formerly="b"))
    assert (rig.rows("b"), rig.rows("c")) == ([0, 1], [])


def test_a_new_consumer_takes_over_where_the_last_one_was(rig: Rig) -> None:
    rig.open(A)
    rig.put("a")
    rig.put("a")
    rig.consumer("a").advance(Cursor(2, {"bucket": 4}, delivered=2)).result(PATIENCE)
    rig.consumers = [ConsumerSpec("another", "a")]
    rig.reopen(A)
    assert rig.consumer("another").cursor == Cursor(2, {"bucket": 4})
    assert rig.rows("another") == [2, 3]


def test_a_name_that_comes_back_does_not_bring_its_old_place(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("to_one", "a")]
    rig.open(A)
    rig.put("a")
    rig.consumers = [ConsumerSpec("to_two", "a")]
    rig.reopen(A)
    rig.put("a")
    rig.consumer("to_two").advance(Cursor(4, delivered=4)).result(PATIENCE)
    rig.consumers = [ConsumerSpec("to_one", "a")]
    rig.reopen(A)
    assert rig.consumer("to_one").cursor == Cursor(4)
    assert rig.rows("to_one") == []


def test_a_renamed_consumer_keeps_its_note_and_its_open_intents(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("old", "a", "sink file_roll")]
    rig.open(A)
    rig.put("a")
    rig.put("a")
    rig.consumer("old").advance(Cursor(2, {"x": 3}, delivered=3, note=b"mine")).result(PATIENCE)
    intent = rig.consumer("old").intend([Output("x", 3, 4, 1, "hidden", "final", 9)])
    rig.consumers = [ConsumerSpec("new", "a", "sink file_roll")]
    rig.reopen(A)
    assert rig.consumer("new").cursor == Cursor(2, {"x": 3}, note=b"mine")
    assert rig.consumer("new").intents == (intent,)


def test_consumers_that_change_places_leave_what_is_known_with_the_channels(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("one", "a"), ConsumerSpec("two", "b")]
    rig.open(A, B)
    rig.put("a")
    rig.put("b")
    rig.consumer("one").advance(Cursor(2, delivered=2, note=b"a's")).result(PATIENCE)
    intent = rig.consumer("two").intend([Output("x", 2, 4, 2, "hidden", "final", 9)])
    rig.consumers = [ConsumerSpec("two", "a"), ConsumerSpec("one", "b")]
    rig.reopen(A, B)
    assert (rig.consumer("two").cursor, rig.consumer("two").intents) == (Cursor(2, note=b"a's"), ())
    assert (rig.consumer("one").cursor, rig.consumer("one").intents) == (Cursor(0), (intent,))


def test_a_consumer_of_another_kind_takes_the_place_and_nothing_that_it_cannot_read(
    rig: Rig,
) -> None:
    rig.consumers = [ConsumerSpec("out", "a", "sink file_roll")]
    rig.open(A)
    rig.put("a")
    rig.put("a")
    rig.consumer("out").advance(Cursor(2, {"x": 3}, delivered=2, note=b"mine")).result(PATIENCE)
    rig.consumer("out").intend([Output("x", 3, 4, 1, "hidden", "final", 9)])
    rig.consumers = [ConsumerSpec("out", "a", "sender arrow")]
    rig.reopen(A)
    assert (rig.consumer("out").cursor, rig.consumer("out").intents) == (Cursor(2), ())


def test_a_channel_that_left_with_its_sink_goes_on_where_it_was(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("sink", "a")]
    rig.open(A)
    rig.put("a")
    rig.put("a")
    rig.consumer("sink").advance(Cursor(2, delivered=2, note=b"a's")).result(PATIENCE)
    rig.consumers = [ConsumerSpec("sink", "b")]
    rig.reopen(B)
    rig.put("b")
    assert rig.rows("sink") == [4, 5]
    rig.consumers = [ConsumerSpec("sink", "a"), ConsumerSpec("other", "b")]
    rig.reopen(A, B)
    assert rig.consumer("sink").cursor == Cursor(2, note=b"a's")
    assert (rig.rows("sink"), rig.rows("other")) == ([2, 3], [4, 5])


def test_intents_of_a_memory_channel_end_with_its_rows(rig: Rig) -> None:
    memory = ChannelSpec("m", 1 << 20, durable=False)
    rig.open(memory)
    rig.put("m")
    rig.consumer("m").intend([Output("x", 0, 2, 2, "hidden", "final", 9)])
    rig.reopen(memory)
    assert rig.consumer("m").intents == ()
    assert rig.balance("m") == (0, 0, 0, 0)


def test_the_same_state_is_recovered_that_was_lived(rig: Rig) -> None:
    from flumec.runtime.journal.records import Progress, Received

    rig.open()
    rig.journal.session(b"sender", b"stream")
    for number in range(12):
        start = str(number).encode() if number else b""
        progress = Progress("source", b"key", start, str(number + 1).encode(), b"inode")
        received = Received(b"sender", b"stream", 1, b"e" * 16, ((number, number + 1),), 3)
        channels = ("a", "b") if number % 3 else ("b",)
        received_now = received if number >= 3 else None
        rig.outcome(rig.submit(*channels, size=1500, progress=[progress], received=received_now))
        if number % 4 == 2:
            rig.done("a", 2 * number)
    intent = rig.consumer("a").intend([Output("x", 1, 2, 1, "hidden", "final", 3, b"d")])
    rig.consumer("b").intend([Output("y", 1, 2, 1, "hidden", "final", 3)])
    rig.consumer("a").resolve(intent, Cursor(21, {"x": 23}, delivered=1, note=b"n")).result()
    lived = rig.journal._state
    rig.killed()
    recovered = rig.open() and rig.journal._state
    for state in (lived, recovered):
        state.epochs.clear()
        state.segments.clear()
    assert snapshot.encode(recovered) == snapshot.encode(lived)


def test_a_consumer_needs_a_channel_and_a_channel_has_one(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("reader", "nowhere")]
    with pytest.raises(StateError, match="nowhere"):
        rig.open(A)
    rig.consumers = [ConsumerSpec("one", "a"), ConsumerSpec("two", "a")]
    with pytest.raises(StateError, match="channel with a consumer `a` is named twice"):
        rig.open(A)


def test_a_consumer_that_was_not_declared_is_an_error(rig: Rig) -> None:
    rig.open(A)
    with pytest.raises(StateError, match="no consumer `b`"):
        rig.consumer("b")


def test_many_restarts_use_no_numbers_up(rig: Rig) -> None:
    memory = ChannelSpec("m", 1 << 20, durable=False)
    rig.open(A, memory)
    for _ in range(5):
        rig.reopen(A, memory)
        rig.put("a", "m")
    assert set(rig.journal._state.channels) == {0, 1}
    assert len(rig.journal._state.consumers) == 2


def test_a_second_process_is_told_who_holds_the_journal(real: Rig) -> None:
    real.open(A)
    code = (
        "import sys; from pathlib import Path\n"
        "from flumec.runtime.journal import *\n"
        "from flumec.runtime.disk import RealDisk\n"
        "from flumec.runtime.clock import SystemClock\n"
        "Journal.open(Path(sys.argv[1]), disk=RealDisk(), clock=SystemClock(),\n"
        "    identity=Identity('h', 'a', '1', ''), channels=[], sources=[], consumers=[])\n"
    )
    second = subprocess.run(
        [sys.executable, "-c", code, str(real.directory)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert f"JournalLocked: {real.directory} is in use by process {os.getpid()}" in second.stderr


def test_the_lock_ends_with_the_journal(rig: Rig) -> None:
    rig.open(A)
    with pytest.raises(JournalLocked):
        rig.open(A)
    rig.journal.close()
    rig.open(A)


def test_a_closed_journal_stores_nothing_more(rig: Rig) -> None:
    rig.open(A)
    rig.journal.close()
    rig.journal.close()
    with pytest.raises(JournalFailed, match="closed"):
        rig.submit("a").result(PATIENCE)
    rig.open(A)
    assert rig.put("a") == Stored(0, 2)


def test_an_intent_is_open_until_it_is_resolved(rig: Rig) -> None:
    rig.open(A)
    rig.put("a")
    outputs = [Output("x", 0, 2, 2, "hidden", "final", 9, b"digest")]
    first, second = rig.consumer().intend(outputs), rig.consumer().intend(outputs)
    rig.reopen()
    assert rig.consumer().intents == (first, second)
    rig.consumer().resolve(first, None).result(PATIENCE)
    rig.consumer().resolve(second, Cursor(2, delivered=2)).result(PATIENCE)
    with pytest.raises(ValueError, match="not open"):
        rig.consumer().resolve(second, None)
    rig.reopen()
    assert rig.consumer().intents == ()
    assert rig.consumer().cursor == Cursor(2)
    assert rig.consumer().intend(outputs).number == 3


def test_a_directory_of_other_names_is_left_alone(real: Rig) -> None:
    real.directory.mkdir()
    (real.directory / "notes.seg").write_text("mine")
    real.open(A)
    real.put("a")
    real.reopen()
    assert (real.directory / "notes.seg").read_text() == "mine"
