"""Joining runs: as many keys in fewer files, so that a look-up asks few filters."""

from collections.abc import Iterator, Sequence

import numpy as np
from flumec.runtime.dedup.keys import NONE, Keys, ordered
from flumec.runtime.dedup.run import Run


def merged(runs: Sequence[Run]) -> Iterator[Keys]:
    """Yield the keys of all runs in order, in pieces; a few blocks of each are in memory."""
    readers = [run.blocks() for run in runs]
    waiting = [next(reader, NONE) for reader in readers]
    while any(len(keys) for keys in waiting):
        # Every key up to the smallest of the last ones is in memory: what follows is not below it.
        bound = min(keys[-1, 0] for keys in waiting if len(keys))
        ready = []
        for at, keys in enumerate(waiting):
            stop = int(np.searchsorted(keys[:, 0], bound, "right"))
            ready.append(keys[:stop])
            waiting[at] = keys[stop:] if stop < len(keys) else next(readers[at], NONE)
        yield ordered(np.concatenate(ready))
