"""`seq` counts without a gap or a repetition, over restarts too."""

import time

from flumec.runtime.clock import SystemClock
from flumec.runtime.sources import Seq

from tests.tail.conftest import Rig


def until(rig: Rig, lines: int) -> None:
    deadline = time.monotonic() + 20
    while len(rig.lines) < lines and time.monotonic() < deadline:
        time.sleep(0.005)


def test_it_goes_on_after_a_restart(rig: Rig) -> None:
    rig.clock = SystemClock()
    rig.source = Seq("log", batch=7)
    for enough in (50, 200, 300):
        with rig.running():
            until(rig, enough)
        numbers = rig.lines
        rig.kill()

    assert numbers == [b"%d" % n for n in range(len(numbers))]
    assert len(numbers) >= 300


def test_it_ends_at_the_total_and_says_that_it_rests(rig: Rig) -> None:
    rig.clock = SystemClock()
    rig.source = Seq("log", batch=100, total=250)
    for _ in range(2):
        with rig.running():
            until(rig, 250)
            deadline = time.monotonic() + 20
            while not rig.context.resting and time.monotonic() < deadline:
                time.sleep(0.005)
            assert rig.context.resting
        assert rig.lines == [b"%d" % n for n in range(250)]
        rig.kill()


def test_no_events_at_all(rig: Rig) -> None:
    rig.clock = SystemClock()
    rig.source = Seq("log", total=0)
    with rig.running():
        time.sleep(0.02)

    assert rig.lines == []
