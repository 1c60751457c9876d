"""While the vault cannot be reached and there is no more room, the pair says when to come back."""

from collections.abc import Callable

import pytest
from ha.pair_here import Pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]

PAIR = ("feed-a.example.com", "feed-b.example.com")


def test_full_machines_answer_503_until_there_is_room(pair_with: Callable[..., Pair]) -> None:
    pair = pair_with(room="1MiB")
    for host in PAIR:
        pair.link("pause", host)
    taken = []
    for machine in (1, 2):
        while True:
            events = pair.new(5_000)
            answer = pair.ask(events, machine)
            taken.append(events)
            if answer.status != 200:
                break
        assert (answer.status, answer.retry_after) == (503, 1)
        assert "the channel `out` is full" in answer.error
    assert pair.ask(pair.new(5_000), 1).status == 503
    for host in PAIR:
        pair.link("resume", host)
    for events in taken:
        while pair.ask(events, 2).status != 200:  # the other one has room as well
            pass
    pair.stored(*taken)
    verdict = pair.judge()
    assert verdict.good, verdict.examples
    assert verdict.answers["feed-1 503"] == 2
