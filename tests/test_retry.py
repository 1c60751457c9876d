"""Back-off grows, is bounded, spreads, and begins again."""

import pytest
from flumec.runtime.retry import Backoff


def test_it_doubles_up_to_its_bound() -> None:
    backoff = Backoff(0.1, 1.0, chance=lambda: 0.0)
    assert [backoff.delay() for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_no_number_of_failures_overflows_it() -> None:
    backoff = Backoff(0.1, 30.0)
    assert all(0.05 <= backoff.delay() <= 30.0 for _ in range(5_000))
    assert backoff.failures == 5_000


def test_chance_takes_off_up_to_a_half() -> None:
    assert Backoff(1.0, 1.0, chance=lambda: 1.0).delay() == 0.5
    assert len({Backoff(1.0, 1.0).delay() for _ in range(50)}) > 1


def test_a_success_begins_again() -> None:
    backoff = Backoff(0.1, 1.0, chance=lambda: 0.0)
    backoff.delay()
    backoff.delay()
    backoff.reset()
    assert (backoff.failures, backoff.delay()) == (0, 0.1)


@pytest.mark.parametrize(("first", "most"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_a_back_off_that_cannot_grow_is_refused(first: float, most: float) -> None:
    with pytest.raises(ValueError, match="grows from above 0"):
        Backoff(first, most)
