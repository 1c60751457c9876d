"""What agents log, kept with the world's time, and kept from the terminal."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flumec.compiler.world.clock import WorldClock
from flumec.runtime.logs import ROOT

Said = list[tuple[float, str, str]]
"""The world's seconds, the component, and what it logged: warnings and worse."""


class _Ear(logging.Handler):
    def __init__(self, clock: WorldClock, root: Path) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._root = re.compile(re.escape(str(root)) + r"/[^/]*")
        self.said: Said = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        component = record.name.removeprefix(f"{ROOT}.")
        text = self._root.sub("", record.getMessage())
        self.said.append((self._clock.monotonic(), component, text))


@contextmanager
def heard(clock: WorldClock, files: Path) -> Iterator[Said]:
    """Keep what agents log meanwhile, with the paths that files have on their hosts."""
    ear, root = _Ear(clock, files), logging.getLogger(ROOT)
    level, passes = root.level, root.propagate
    root.addHandler(ear)
    root.propagate = False
    root.setLevel(logging.WARNING)
    try:
        yield ear.said
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
        root.propagate = passes
