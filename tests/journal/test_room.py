"""Room: all required channels at once, first come first served, and large puts don't starve."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from flumec.runtime.journal import ChannelSpec, JournalFailed
from flumec.runtime.journal.records import Cursor, Full, Outcome, Refused, Stored

from .conftest import Rig

SMALL = (ChannelSpec("a", 1000, durable=True), ChannelSpec("b", 300, durable=True))
PATIENCE = 20.0


def settle(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Waiting:
    """A put that waits for room, on a thread of its own."""

    def __init__(self, rig: Rig, *channels: str, size: int) -> None:
        self.outcome: Outcome | None = None
        self.stop = False
        self.thread = threading.Thread(target=self._run, args=(rig, channels, size), daemon=True)
        before = len(rig.journal._room._waiting)
        self.thread.start()
        settle(lambda: len(rig.journal._room._waiting) > before)

    def _run(self, rig: Rig, channels: tuple[str, ...], size: int) -> None:
        import pyarrow as pa
        from flumec.runtime.journal.records import Frame, Put

        put = Put((Frame(channels, 1, pa.py_buffer(b"x" * size)),))
        done: Future[Outcome] = rig.journal.submit(put, wait=True, stopping=lambda: self.stop)
        try:
            self.outcome = done.result(PATIENCE)
        except JournalFailed as failed:
            self.outcome = Refused(str(failed))

    def result(self) -> Outcome | None:
        self.thread.join(PATIENCE)
        return self.outcome


def test_a_full_channel_says_its_name_at_once(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=900)
    assert rig.outcome(rig.submit("a", size=101)) == Full("a")
    assert isinstance(rig.outcome(rig.submit("a", size=100)), Stored)


def test_room_is_taken_in_all_channels_or_in_none(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("b", size=300)
    for _ in range(20):
        assert rig.outcome(rig.submit("a", "b", size=100)) == Full("b")
    assert isinstance(rig.outcome(rig.submit("a", size=1000)), Stored)


def test_room_comes_back_with_the_cursor(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=600)
    rig.put("a", size=400)
    rig.done("a", 2)
    assert rig.outcome(rig.submit("a", size=601)) == Full("a")
    rig.put("a", size=600)


def test_a_refused_put_gives_its_room_back(rig: Rig) -> None:
    from flumec.runtime.journal.records import Progress

    rig.open(*SMALL)
    stale = Progress("source", b"file", b"elsewhere", b"x")
    for _ in range(3):
        refused = rig.outcome(rig.submit("a", size=700, progress=[stale]))
        assert isinstance(refused, Refused)
    rig.put("a", size=1000)


def test_what_is_larger_than_the_channel_fits_into_an_empty_one(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("b", size=5000)
    assert rig.outcome(rig.submit("b", size=1)) == Full("b")
    rig.done("b", 2)
    rig.put("b", size=1)


def test_the_waiting_are_served_in_their_order(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=500)
    rig.put("a", size=500)
    large = Waiting(rig, "a", size=800)
    small = Waiting(rig, "a", size=300)
    assert rig.outcome(rig.submit("a", size=1)) == Full("a")
    rig.done("a", 2)
    assert rig.outcome(rig.submit("a", size=1)) == Full("a"), "a newcomer overtook"
    assert large.outcome is None
    assert small.outcome is None
    rig.done("a", 4)
    assert large.result() == Stored(4, 1)
    assert small.outcome is None
    rig.done("a", 5)
    assert small.result() == Stored(5, 1)


def test_an_optional_copy_does_not_overtake_who_waits_for_the_channel(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=600)
    waiting = Waiting(rig, "a", size=500)
    assert isinstance(rig.outcome(rig.submit("b", "a", optional=["a"], size=100)), Stored)
    assert rig.balance("a") == (4, 0, 2, 2), "it took the room that is waited for"
    rig.done("a", 2)
    assert isinstance(waiting.result(), Stored)


def test_a_put_that_waits_keeps_others_only_from_its_own_channels(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=1000)
    waiting = Waiting(rig, "a", size=10)
    rig.put("b", size=100)
    rig.done("a", 2)
    assert isinstance(waiting.result(), Stored)


def test_waiting_ends_when_the_caller_is_to_stop(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=1000)
    waiting = Waiting(rig, "a", size=10)
    behind = Waiting(rig, "a", size=20)
    waiting.stop = True
    assert waiting.result() == Full("a")
    rig.done("a", 2)
    assert isinstance(behind.result(), Stored)


def test_waiting_ends_when_the_journal_is_closed(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=1000)
    waiting = Waiting(rig, "a", size=10)
    rig.journal.close()
    assert waiting.result() == Refused("the journal is closed")


def test_room_is_what_is_held_also_after_a_restart(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", size=300)
    rig.put("a", size=300)
    rig.done("a", 2)
    rig.reopen()
    assert rig.consumer().fullness == 0.3
    assert rig.outcome(rig.submit("a", size=701)) == Full("a")
    rig.put("a", size=700)
    rig.done("a", 6)
    assert rig.consumer().fullness == 0


def test_a_frame_is_held_until_its_last_row_is_done(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("a", rows=10, size=1000)
    rig.done("a", 5)
    assert rig.journal.stats()["a"].held_bytes == 1000
    rig.reopen()
    assert rig.rows() == [5, 6, 7, 8, 9]
    assert rig.journal.stats()["a"].held_bytes == 1000
    rig.done("a", 10)
    assert rig.journal.stats()["a"].held_bytes == 0


def test_optional_channels_without_room_are_left_out_and_counted(rig: Rig) -> None:
    rig.open(*SMALL)
    rig.put("b", size=300)
    assert rig.outcome(rig.submit("a", "b", optional=["b"])) == Stored(2, 2)
    assert rig.rows("b") == [0, 1]
    assert rig.balance("b") == (4, 0, 2, 2)
    rig.done("b", 2)
    rig.outcome(rig.submit("a", "b", optional=["b"]))
    rig.reopen()
    assert rig.rows("b") == [4, 5]
    assert rig.balance("b") == (6, 2, 2, 2)
    assert rig.rows("a") == [2, 3, 4, 5]


def test_a_channel_that_rejects_says_so_and_one_that_blocks_does_not(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 300, durable=True, when_full="reject"), SMALL[1])
    rig.put("a", "b", size=300)
    assert rig.outcome(rig.submit("a", size=10)) == Full("a", rejects=True)
    assert rig.outcome(rig.submit("b", size=1000)) == Full("b")
    waiting = Waiting(rig, "a", size=10)
    rig.done("a", 2)
    assert isinstance(waiting.result(), Stored), "who cannot refuse waits"


def test_a_channel_on_disk_counts_events_as_well_also_after_a_restart(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable=True, events=10))
    rig.put("a", rows=8)
    rig.reopen()
    assert rig.consumer().fullness == 0.8
    assert rig.outcome(rig.submit("a", rows=3)) == Full("a")
    rig.done("a", 4)
    rig.put("a", rows=6)
    rig.done("a", 14)
    rig.put("a", rows=10)


def test_a_memory_channel_counts_events_as_well(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable=False, events=10))
    rig.put("a", rows=8)
    assert rig.outcome(rig.submit("a", rows=3)) == Full("a")
    assert rig.consumer().fullness == 0.8
    rig.consumer().read(1)
    rig.consumer().advance(Cursor(8, delivered=8)).result(PATIENCE)
    rig.put("a", rows=10)


def test_a_put_of_more_than_the_largest_transaction_is_refused(rig: Rig) -> None:
    rig.open()
    refused = rig.outcome(rig.submit("a", size=(64 << 20) + 1))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("channel", ["nowhere"])
def test_an_unknown_channel_is_the_callers_mistake(rig: Rig, channel: str) -> None:
    rig.open()
    with pytest.raises(ValueError, match="no channel `nowhere`"):
        rig.submit(channel)


def test_what_is_larger_than_its_channel_fits_also_into_one_that_was_emptied_after_a_restart(
    rig: Rig,
) -> None:
    small = ChannelSpec("a", 1_000, durable=True)
    rig.open(small)
    rig.put("a", size=2_000)
    rig.reopen()
    waiting = rig.submit("a", size=2_000)
    assert rig.outcome(waiting) == Full("a")
    rig.done("a", 2)
    assert rig.put("a", size=2_000) == Stored(2, 2)
