"""Fleets get what the generator does not make, the others stay as they are, and all compile."""

from prove import generator, widening
from prove.claiming import claimed
from prove.features import FEATURES, features
from prove.shape import Shape
from prove.widening import (
    FURTHER,
    FURTHERING,
    HARMED,
    HARMING,
    STORED,
    STORING,
    WIDENED,
    WIDENINGS,
    furthered,
    make,
    number,
    widened,
)


def test_the_first_fleets_stay_as_they_were_made() -> None:
    assert all(make(seed) == generator.make(seed) for seed in (0, 150, WIDENED - 1))
    assert any(make(seed) != generator.make(seed) for seed in range(WIDENED, WIDENED + 3))


def test_the_next_thousand_stay_as_they_were_widened() -> None:
    assert make(HARMED - 1) == widened(generator.make(HARMED - 1), HARMED - 1)
    assert any(make(seed) != widened(generator.make(seed), seed) for seed in range(HARMED, 2003))


def test_the_third_thousand_stays_as_it_was_harmed() -> None:
    def harmed(seed: int) -> Shape:
        return widened(generator.make(seed), seed, (*WIDENINGS, *HARMING))

    assert make(FURTHER - 1) == harmed(FURTHER - 1)
    assert any(make(seed) != harmed(seed) for seed in range(FURTHER, FURTHER + 3))


def test_the_next_five_hundred_stay_as_they_were_furthered() -> None:
    def furthered_only(seed: int) -> Shape:
        return furthered(widened(generator.make(seed), seed, (*WIDENINGS, *HARMING)), seed)

    assert make(STORED - 1) == furthered_only(STORED - 1)
    assert any(make(seed) != furthered_only(seed) for seed in range(STORED, STORED + 3))


def test_every_feature_comes_and_the_compiler_takes_it() -> None:
    found: set[str] = set()
    for seed in range(40):
        shape = widened(generator.make(seed), seed, (*WIDENINGS, *HARMING))
        if seed < 6:
            claimed(furthered(shape, seed))
        found.update(features(widened(shape, seed, (*FURTHERING, *STORING))))
    assert found == FEATURES.keys()


def test_each_widening_changes_some_fleet() -> None:
    shapes = [generator.make(seed) for seed in range(40)]
    for each in (*WIDENINGS, *HARMING, *FURTHERING, *STORING):
        assert any(each(shape, widening.random.Random(0)) != shape for shape in shapes), each


def test_the_fleets_of_each_kind_are_numbered() -> None:
    numbers = [number(seed) for seed in (0, 999, 1000, 1999, 2000, 3000, 3600)]

    assert numbers == [(0, 0), (0, 999), (1, 0), (1, 999), (2, 0), (3, 0), (4, 100)]
