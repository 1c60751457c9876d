"""Any lives of a journal that syncs now and then: whatever ends them, what was told stays true."""

from contextlib import suppress
from dataclasses import dataclass

import pytest
import thorough
from flumec.runtime.journal import JournalFailed
from flumec.runtime.testing import PowerCut, Survival
from hypothesis import given, settings
from hypothesis import strategies as st

from .lazy import EVERY, Lazy, Told, fresh

STEPS = {
    "put": ("put", "a"),
    "put both": ("put", "a", "b"),
    "put much": ("put", "b", 6000),
    "receive": ("receive",),
    "tick": ("tick",),
    "advance": ("advance", "a"),
    "advance b": ("advance", "b"),
    "intend": ("intend",),
}


@dataclass(frozen=True)
class Life:
    """What is done, at which operation it ends, how, and how often the journal syncs."""

    steps: tuple[str, ...]
    cut: int
    killed: bool
    survival: Survival
    every: float | None


SURVIVALS = st.builds(
    Survival,
    writes=st.floats(0, 1),
    entries=st.sampled_from([0.0, 0.5, 1.0]),
    order=st.sampled_from(["first", "last", "any"]),
    torn=st.booleans(),
    seed=st.integers(0, 1000),
)
LIVES = st.lists(
    st.builds(
        Life,
        steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=14).map(tuple),
        cut=st.integers(1, 90),
        killed=st.booleans(),
        survival=SURVIVALS,
        every=st.sampled_from([EVERY, EVERY, None]),
    ),
    min_size=1,
    max_size=5,
)


def step(lazy: Lazy, name: str) -> None:
    """Do one of the steps."""
    do, *arguments = STEPS[name]
    sizes = [each for each in arguments if isinstance(each, int)]
    words = [each for each in arguments if isinstance(each, str)]
    if do == "put":
        lazy.put(*words, size=sizes[0] if sizes else 100)
    elif do == "receive":
        first = lazy.told.tried * 10
        lazy.put("a", received=(first, first + 10))
    else:
        getattr(lazy, do)(*words)


def live(lives: list[Life]) -> None:
    """Live one life after the other, on one disk, and hold each start to what was told before."""
    disk, told = fresh(), Told()
    for life in lives:
        disk.cut_at = disk.operations + life.cut
        with suppress(PowerCut, JournalFailed):
            lazy = Lazy(disk, told, life.every)
            with suppress(PowerCut, JournalFailed):
                told.forget(lazy.check(answered=True))
                for name in life.steps:
                    step(lazy, name)
            lazy.close()
        if life.killed:
            disk = disk.kill()
        else:
            disk, told.answered = disk.reboot(life.survival), told.kept
    disk.cut_at = None
    lazy = Lazy(disk, told)
    lazy.check(answered=True)
    lazy.close()


@settings(max_examples=10)
@given(LIVES)
def test_some_lives(lives: list[Life]) -> None:
    live(lives)


@pytest.mark.slow
@settings(max_examples=thorough.share(1500))
@given(LIVES)
def test_many_lives(lives: list[Life]) -> None:
    live(lives)
