"""Hosts that are slow for a while: what comes all at once is stored bit by bit, and others go on in
between.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flumec.compiler.world import World
from flumec.runtime.surroundings import SourceSurroundings

PACE = 0.01
"""Seconds that each put takes on a slow host."""


class Slowness:
    """Of a whole world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._until: dict[str, float] = {}

    def begin(self, host: str, seconds: float) -> None:
        """Have each put of a host's sources take its time, for so long."""
        self._until[host] = self._world.scheduler.now + seconds

    @contextmanager
    def felt(self) -> Iterator[None]:
        """Have hosts be slow while this is open.

        It is at puts, as nothing is locked there: what sleeps with a lock in a world stops it.
        """
        put = SourceSurroundings.put

        def slowly(self_: SourceSurroundings, *given: Any, **named: Any) -> Any:
            result = put(self_, *given, **named)
            if self._world.scheduler.now < self._until.get(self_.host, 0.0):
                self._world.clock.sleep(PACE)
            return result

        with patch.object(SourceSurroundings, "put", slowly):
            yield
