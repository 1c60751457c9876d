"""How this process shares its threads and its memory, before it begins to work."""

import contextlib
import os
import sys

SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread that computes in Python lets the journal's writer go on."""

DECAY = 10_000
"""Milliseconds for which freed memory is kept: its first touch costs more than the work on it."""


def tune() -> None:
    """Keep Arrow to the threads that we start, and the journal's writer from waiting for others.

    Arrow's own choice of allocator, mimalloc, held half as much again in bench/chain.py: 161 MB at
    the peak against 109. Where Arrow lacks jemalloc it says so and takes another.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
    import pyarrow as pa

    sys.setswitchinterval(SWITCH_INTERVAL)
    with contextlib.suppress(NotImplementedError):
        pa.jemalloc_set_decay_ms(DECAY)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
