"""Bringing a real server up for the tests that need it, or saying why it can't be had."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import pytest
from servers.jars import Missing, required


class Server(Protocol):
    """What can be started and stopped."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


S = TypeVar("S", bound=Server)


@contextmanager
def serving(make: Callable[[], S]) -> Iterator[S]:
    """Run a server; skip where it can't be had, or fail where it is required."""
    try:
        server = make()
    except Missing as reason:
        if required():
            raise
        pytest.skip(f"no HDFS to test against: {reason}")
    try:
        server.start()
        yield server
    finally:
        server.stop()
