"""Who of a balanced link's peers takes next: by weight, as long as it keeps up."""

from collections import Counter
from math import inf

from flumec.runtime.groups.shares import AWAY, FRESH, Shares

BOTH = ("one", "three")


def shared(
    shares: Shares, takes: int, now: float = 0.0, names: tuple[str, ...] = BOTH
) -> Counter[str]:
    """Have members ask in turn, each for one frame of one size; return how often each took."""
    took: Counter[str] = Counter()
    while took.total() < takes:
        for name in names:
            if shares.may_take(name, names, now):
                shares.took(name, 100)
                took[name] += 1
    return took


def test_each_takes_by_its_weight() -> None:
    took = shared(Shares({"one": 1, "three": 3}), 400)
    assert 95 <= took["one"] <= 105


def test_who_is_slow_is_not_waited_for_any_longer() -> None:
    shares = Shares({"one": 1, "three": 3})
    shared(shares, 8)
    assert shared(shares, 20, now=FRESH, names=("one",))["one"] == 20


def test_who_asked_and_went_silent_is_waited_for_only_so_long() -> None:
    shares = Shares({"one": 1, "three": 1})
    assert shares.may_take("three", BOTH, 0.0)
    shares.took("one", 100)
    assert not shares.may_take("one", BOTH, FRESH / 2)
    assert shares.may_take("one", BOTH, FRESH)


def test_who_is_not_able_is_not_waited_for() -> None:
    shares = Shares({"one": 1, "three": 1})
    shares.may_take("three", BOTH, 0.0)
    shares.took("one", 100)
    assert shares.may_take("one", ("one",), 0.0)


def test_who_was_away_does_not_catch_up() -> None:
    shares = Shares({"one": 1, "three": 1})
    shared(shares, 10)
    shared(shares, 1_000, now=1.0, names=("one",))
    shares.may_take("one", BOTH, 2.0 + AWAY)
    took = shared(shares, 100, now=2.0 + AWAY)
    assert 45 <= took["one"] <= 55


def test_who_waits_is_before_others_however_long_ago_it_asked() -> None:
    shares = Shares({"one": 1, "three": 1})
    shares.may_take("three", BOTH, 0.0)
    shares.took("one", 100)
    later = 10 * AWAY
    assert not shares.may_take("one", BOTH, later, waiting={"three"})
    assert shares.patience("one", BOTH, later, waiting={"three"}) == inf
    assert shares.may_take("three", BOTH, later, waiting={"three"})


def test_who_waits_while_nobody_is_before_it_knows_for_how_long() -> None:
    shares = Shares({"one": 1, "three": 1})
    shares.may_take("three", BOTH, 0.0)
    shares.took("one", 100)
    patience = shares.patience("one", BOTH, FRESH / 3)
    assert 0 < patience < FRESH
    assert not shares.may_take("one", BOTH, FRESH / 3)
    assert shares.may_take("one", BOTH, FRESH / 3 + patience)
