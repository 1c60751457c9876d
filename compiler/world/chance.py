"""The chance of a world: all that its agents draw follows from the seed, epochs and keys as well.

What is named by chance is nowhere to be ordered by its name; should it be, a life that goes wrong
for that goes wrong again.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_DOORS: tuple[tuple[Any, str], ...] = ((os, "urandom"), (random, "_urandom"))
"""What `uuid` and `secrets` draw from, the one by each of them."""


@contextmanager
def drawn(seed: int) -> Iterator[None]:
    """Have this thread draw by a seed, of `random` as of the system; others draw as ever."""
    state, kept = random.getstate(), [getattr(*door) for door in _DOORS]
    random.seed(seed)
    replaced = _by(random.Random(f"system {seed}"), os.urandom)  # noqa: S311 it is to be repeatable
    for owner, name in _DOORS:
        setattr(owner, name, replaced)
    try:
        yield
    finally:
        for (owner, name), old in zip(_DOORS, kept, strict=True):
            setattr(owner, name, old)
        random.setstate(state)


def _by(chance: random.Random, real: Callable[[int], bytes]) -> Callable[[int], bytes]:
    mine = threading.get_ident()

    def urandom(size: int) -> bytes:
        return chance.randbytes(size) if threading.get_ident() == mine else real(size)

    return urandom
