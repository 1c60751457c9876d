"""A machine that was cut off for longer than the window brings what is late; nothing is lost."""

from collections.abc import Callable

import pytest
from ha.pair_here import VAULT, Pair, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]


def test_what_comes_after_the_window_is_late_and_never_written_twice(
    pair_with: Callable[..., Pair],
) -> None:
    pair = pair_with()
    before = pair.post(20, 1, 2)
    pair.stored(before)
    pair.link("pause")
    both, only = pair.post(30, 1, 2), pair.post(7, 2)
    pair.stored(before, both)
    pair.pass_time(3_600)
    after = pair.post(5, 1)  # with these written, older keys leave the window
    pair.stored(before, both, after)
    pair.link("resume")
    wait_for(lambda: len(pair.late()) >= len(both) + len(only))
    pair.fleet.kill(f"book@{VAULT}")
    again = pair.post(5, 1, 2)
    pair.stored(before, both, after, again)

    verdict = pair.judge()
    assert verdict.good, verdict.examples
    assert (verdict.late, verdict.late_copies) == (len(both) + len(only), len(both))
    assert {row["headers"]["seq"] for row in pair.late()} >= {str(number) for number in only}


def test_what_comes_late_within_the_window_is_known_and_what_is_new_is_late(
    pair_with: Callable[..., Pair],
) -> None:
    pair = pair_with()
    pair.link("pause")
    both, only = pair.post(30, 1, 2), pair.post(7, 2)
    pair.stored(both)
    pair.pass_time(6 * 60)
    pair.fleet.kill(f"book@{VAULT}")  # what it knows is on its disk
    pair.link("resume")
    wait_for(lambda: len(pair.late()) >= len(only))
    after = pair.post(5, 1, 2)
    pair.stored(both, after)

    verdict = pair.judge()
    assert verdict.good, verdict.examples
    assert (verdict.late, verdict.late_copies) == (len(only), 0)
