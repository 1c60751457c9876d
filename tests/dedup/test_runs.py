"""Runs of keys: what was written is found, nothing else is, and damage is no answer."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from flumec.runtime.dedup.filter import Filter, Probe
from flumec.runtime.dedup.keys import Keys, firsts, ordered
from flumec.runtime.dedup.merge import merged
from flumec.runtime.dedup.pending import Pending
from flumec.runtime.dedup.run import BLOCK, Run
from flumec.runtime.dedup.write import write
from flumec.runtime.output.store import Unknown
from flumec.runtime.testing import CrashDisk
from hypothesis import given, settings
from hypothesis import strategies as st

FOLDER = Path("/state/dedup")
RANDOM = np.random.default_rng(7)


def digests(count: int) -> Keys:
    """Return keys as digests are: spread evenly, all distinct."""
    return RANDOM.integers(0, 2**64, (count, 2), np.uint64, endpoint=False)


def crowded(count: int) -> Keys:
    """Return keys of which very many share their first numbers, as digests never do."""
    return np.unique(RANDOM.integers(0, 30, (count, 2), np.uint64), axis=0)


def as_set(keys: Keys) -> set[tuple[int, ...]]:
    return set(map(tuple, keys.tolist()))


def stored(keys: Keys, name: str = "a.keys", disk: CrashDisk | None = None) -> Run:
    disk = disk or CrashDisk()
    disk.make_directory(FOLDER)
    write(FOLDER / name, disk, len(keys), [ordered(keys)], (1, 2))
    return Run(FOLDER / name, disk)


def found(where: Run | Pending, keys: Keys) -> list[bool]:
    return where.found(keys, Probe.of(keys)).tolist()


@pytest.mark.parametrize("make", [digests, crowded])
@pytest.mark.parametrize(
    "count",
    [
        *(0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK),
        pytest.param(70_000, marks=pytest.mark.slow),
    ],
)
def test_what_is_written_is_found_and_nothing_else(make: object, count: int) -> None:
    keys = make(count)  # type: ignore[operator]
    others = digests(1_000)
    near = keys[:1_000] ^ np.array([0, 1], np.uint64)
    known = as_set(keys)

    run = stored(keys)

    assert (run.count, run.oldest, run.newest) == (len(keys), 1, 2)
    assert all(found(run, keys))
    assert not any(found(run, others))
    assert found(run, near) == [key in known for key in map(tuple, near.tolist())]
    assert as_set(np.concatenate([*run.blocks(), keys[:0]])) == known


@pytest.mark.parametrize("sizes", [(0, 0), (5, 0), (1, 1), (300, 200), (7_000, 3, 8_000)])
@pytest.mark.parametrize("make", [digests, crowded])
def test_joined_runs_have_the_keys_of_all_in_order(make: object, sizes: tuple[int, ...]) -> None:
    parts = [make(size) for size in sizes]  # type: ignore[operator]

    pieces = list(merged([stored(keys) for keys in parts]))

    whole = np.concatenate([*pieces, digests(0)])
    assert sorted(whole.tolist()) == sorted(np.concatenate(parts).tolist())
    assert (np.diff(whole[:, 0].astype(object)) >= 0).all()


def test_pieces_of_any_size_make_the_same_file() -> None:
    keys = ordered(digests(1_000))
    disk = CrashDisk()
    disk.make_directory(FOLDER)
    cuts = [0, 1, 1, 256, 300, 999, 1_000]
    write(FOLDER / "one", disk, 1_000, [keys], (1, 2))
    write(FOLDER / "many", disk, 1_000, [keys[a:b] for a, b in pairwise(cuts)], (1, 2))

    one, many = (disk.open(FOLDER / name).read(1 << 20, 0) for name in ("one", "many"))
    assert one == many
    assert len(one) <= 1_000 * 20


def test_a_flipped_bit_anywhere_is_damage_and_no_answer() -> None:
    keys = ordered(digests(600))
    disk = CrashDisk()
    whole = stored(keys, disk=disk)
    file = disk.open(FOLDER / "a.keys", "write")
    size = file.stat().st_size
    tables = 600 * 16
    for at in (*range(0, tables, 997), *range(tables, size)):
        byte = file.read(1, at)
        file.write([bytes([byte[0] ^ 4])], at)
        with pytest.raises(Unknown, match=r"a\.keys` (is damaged|is in format)"):
            found(Run(FOLDER / "a.keys", disk), keys)
        file.write([byte], at)

    assert all(found(whole, keys))


@pytest.mark.parametrize("apart", [1, 2, 7, 8, 9, 40])
def test_keys_that_are_far_apart_are_found_and_only_what_is_asked_for_can_be_damaged(
    apart: int,
) -> None:
    keys = ordered(digests(100 * BLOCK + 3))
    disk = CrashDisk()
    run = stored(keys, disk=disk)
    asked = keys[BLOCK // 2 :: apart * BLOCK]
    file = disk.open(FOLDER / "a.keys", "write")
    skipped = {block for block in range(100) if block % apart}
    for block in skipped:
        file.write([b"damage"], block * BLOCK * 16 + 64)

    assert all(found(run, asked))

    file.write([b"damage"], apart * BLOCK * 16 + 64)
    with pytest.raises(Unknown, match=f"damaged, block {apart} is not"):
        found(run, asked)


@pytest.mark.parametrize("lost", [1, 68, 100, 5_000, 10_000])
def test_a_file_that_lost_its_end_is_damage(lost: int) -> None:
    disk = CrashDisk()
    stored(digests(600), disk=disk)
    file = disk.open(FOLDER / "a.keys", "write")
    file.truncate(file.stat().st_size - lost)

    with pytest.raises(Unknown, match=r"to go on without its keys"):
        Run(FOLDER / "a.keys", disk)


def test_the_filter_lets_few_strangers_pass() -> None:
    keys, strangers = digests(100_000), digests(100_000)
    filter_ = Filter.sized(len(keys))
    filter_.add(keys)

    assert filter_.perhaps(Probe.of(keys)).all()
    assert filter_.perhaps(Probe.of(strangers)).mean() < 0.01


def test_the_first_of_equal_keys_is_the_one_that_came_first() -> None:
    keys = np.array([[1, 1], [2, 1], [1, 2], [1, 1], [2, 1], [1, 2], [1, 3]], np.uint64)

    assert firsts(keys).tolist() == [True, True, True, False, False, False, True]
    assert firsts(keys[:0]).tolist() == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3), st.integers(1, 40)),
        st.tuples(st.just("take"), st.sets(st.integers(0, 3), min_size=1), st.just(0)),
    ),
    max_size=30,
)


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_staged_keys_are_found_until_their_file_is_taken(steps: list, random: object) -> None:
    pending, model = Pending(), {}  # type: ignore[var-annotated]
    new = iter([(number % 50, number) for number in range(2_000)])
    for verb, which, count in steps:
        if verb == "add":
            keys = [next(new) for _ in range(count)]
            pending.add(np.array(keys, np.uint64), which)
            model.update(dict.fromkeys(keys, which))
        else:
            taken = as_set(pending.take(which))
            assert taken == {key for key, owner in model.items() if owner in which}
            model = {key: owner for key, owner in model.items() if owner not in which}
        asked = np.array([(number % 50, number) for number in range(500)], np.uint64)
        assert found(pending, asked) == [key in model for key in map(tuple, asked.tolist())]
        assert len(pending) == len(model)
