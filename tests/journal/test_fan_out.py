"""A put is in all the channels it must be in, or in none: file, memory and optional ones."""

import random
from collections.abc import Iterator

import pytest
import thorough
from flumec.runtime.journal import ChannelSpec, JournalFailed
from flumec.runtime.journal.records import Full, Progress, Put, Stored
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import PATIENCE, Rig

CHANNELS = (
    ChannelSpec("a", 40_000, durable=True),
    ChannelSpec("b", 25_000, durable=True),
    ChannelSpec("c", 12_000, durable=True),
    ChannelSpec("live", 20_000, durable=False),
)
DURABLE = ("a", "b", "c")
SETS = (
    ("a",),
    ("a", "b"),
    ("a", "b", "c"),
    ("b", "live"),
    ("a", "c", "live"),
    ("a", "b", "c", "live"),
)
Stores = dict[int, tuple[tuple[str, ...], frozenset[str], bool]]
"""By its first row, where a put had to go, where it might, and whether it was acknowledged."""


def sizes_and_sets(seed: int) -> Iterator[tuple[int, tuple[str, ...], frozenset[str]]]:
    """Yield puts: how large, where to, and which of the channels are optional."""
    chance = random.Random(seed)
    for _ in range(12):
        names = chance.choice(SETS)
        optional = frozenset(n for n in names[1:] if chance.random() < 0.3)
        yield chance.choice((10, 900, 4_000, 11_000)), names, optional


def story(rig: Rig, seed: int, cut_at: int | None = None) -> Stores:
    """Put until the power goes; a source's position is the number of its puts."""
    rig.disk = CrashDisk()
    rig.disk.make_directory(rig.directory.parent)
    rig.open(*CHANNELS)
    if cut_at is not None:
        rig.disk.cut_at = rig.disk.operations + cut_at
    stores: Stores = {}
    row = at = 0
    try:
        for size, names, optional in sizes_and_sets(seed):
            start = str(at).encode() if at else b""
            step = Progress("source", b"file", start, str(at + 1).encode())
            stores[row] = (names, optional, False)
            outcome = rig.submit(*names, size=size, progress=[step], optional=optional).result(
                PATIENCE
            )
            if isinstance(outcome, Full):
                assert outcome.channel in set(names) - optional
                del stores[row]
                continue
            assert isinstance(outcome, Stored)
            stores[row] = (names, optional, True)
            row, at = row + 2, at + 1
    except (JournalFailed, PowerCut):
        assert rig.disk.dead
    return stores


def hold(rig: Rig, stores: Stores, channels: tuple[str, ...]) -> None:
    """Require each put in all of its channels, or, if nobody was told, in none of them."""
    found = {name: set(rig.rows(name)) for name in channels}
    for row, (names, optional, told) in stores.items():
        required = [name for name in names if name in channels and name not in optional]
        there = {name for name in required if {row, row + 1} <= found[name]}
        assert there in (set(), set(required)), f"row {row} is in {there} of {required}"
        assert not told or there == set(required)
        for name in channels:
            has = {row, row + 1} & found[name]
            assert has in (set(), {row, row + 1})
            assert not has or name in names
    for name in channels:
        rig.balance(name)


def cuts(rig: Rig, seed: int, survival: Survival, stride: int = 1) -> int:
    """Cut at every operation of one story, or at one in `stride`; return how many it has."""
    cut = 0
    while True:
        cut += stride
        stores = story(rig, seed, cut)
        dead = rig.disk.dead  # type: ignore[attr-defined]
        rig.journal.close()
        rig.disk = rig.disk.reboot(survival)  # type: ignore[attr-defined]
        rig.open(*CHANNELS)
        hold(rig, stores, DURABLE)
        position = rig.journal.positions("source").get(b"file")
        puts = int(position.to) if position else 0
        assert puts in (len(stores), len(stores) - 1)
        rig.journal.close()
        if not dead:
            return cut


@pytest.mark.parametrize(
    ("survival", "stride"),
    [
        (NOTHING, 3),
        pytest.param(NOTHING, 1, marks=pytest.mark.slow),
        pytest.param(EVERYTHING, 1, marks=pytest.mark.slow),
    ],
    ids=["power cut, one in 3", "power cut", "killed"],
)
def test_a_cut_at_every_step_leaves_each_put_in_all_or_in_none(
    rig: Rig, survival: Survival, stride: int
) -> None:
    assert cuts(rig, 1, survival, stride) > 15


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_cuts_with_other_sizes_and_sets(rig: Rig, seed: int) -> None:
    for survival in (NOTHING, EVERYTHING, Survival(0.5, torn=True, seed=seed, apart=True)):
        cuts(rig, seed, survival)


@pytest.mark.parametrize("seed", thorough.spread(range(30), 4))
def test_while_it_lives_memory_and_files_have_the_same(rig: Rig, seed: int) -> None:
    stores = story(rig, seed)
    hold(rig, stores, (*DURABLE, "live"))
    left_out = sum(rig.balance(name)[2] for name in (*DURABLE, "live"))
    absent = 0
    for row, (names, optional, _) in stores.items():
        absent += sum(2 for name in names if name in optional and row not in rig.rows(name))
    assert left_out == absent, "what is left out is counted"


def test_a_put_that_fits_nowhere_stops_no_other_source(rig: Rig) -> None:
    rig.open(*CHANNELS)
    rig.put("c", size=12_000)
    waiting = []
    for _ in range(3):
        outcome = rig.outcome(rig.submit("a", "b", "c", size=500))
        assert outcome == Full("c")
        other = Progress("other", b"file", str(len(waiting)).encode() if waiting else b"",
                         str(len(waiting) + 1).encode())  # fmt: skip
        waiting.append(rig.outcome(rig.submit("a", "b", size=500, progress=[other])))
    assert all(isinstance(outcome, Stored) for outcome in waiting)
    assert rig.rows("c") == [0, 1]
    assert rig.rows("a") == rig.rows("b") == [2, 3, 4, 5, 6, 7]


def test_an_empty_put_is_no_put(rig: Rig) -> None:
    rig.open(*CHANNELS)
    assert rig.outcome(rig.journal.submit(Put())) == Stored(0, 0)
