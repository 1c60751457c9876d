"""Which senders are connected to a receiver now, and what each may have on the way."""

import threading
from dataclasses import dataclass
from typing import Protocol

from flumec.runtime.links.greeting import Code, Hello
from flumec.runtime.links.messages import Bye, Farewell

LEAST_SHARE = 64 * 1024


class Refusal(Exception):  # noqa: N818 it becomes the message Refuse
    """A link is refused: `code`, a text for the sender's log, seconds to wait, rows missing."""

    def __init__(self, code: Code, text: str, retry_after: float, rows: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_after = retry_after
        self.rows = rows


class Closable(Protocol):
    """A connection that can be told to end; returns at once."""

    def end(self, bye: Bye) -> None:
        """Say goodbye and close; nothing that comes in after is stored."""


@dataclass(slots=True)
class _Live:
    epoch: bytes
    machine: str
    host: str
    connection: Closable


class Register:
    """The streams that have a live session, over all connections of one receiver.

    `window` is the most that one sender may have on the way, `memory` what all share, `most` how
    many there may be.
    """

    def __init__(self, window: int, memory: int, most: int) -> None:
        self._window = window
        self._memory = memory
        self._most = most
        self._lock = threading.Lock()
        self._live: dict[tuple[bytes, bytes], _Live] = {}
        self._lost: dict[tuple[bytes, bytes], int] = {}

    def __len__(self) -> int:
        return len(self._live)

    def share(self) -> int:
        """Return how many bytes one sender may have on the way now."""
        return min(self._window, max(LEAST_SHARE, self._memory // max(1, len(self._live))))

    def admit(self, hello: Hello, connection: Closable) -> None:
        """Enter a connection as its stream's only one, and end the older; raise Refusal.

        An older session of the same journal from another machine, or another host, is left alone
        while it lives: two with one journal are clones, and the second may not push the first
        aside.
        """
        key = hello.journal, hello.stream
        with self._lock:
            old = self._live.get(key)
            if old and (
                old.host != hello.host
                or (old.epoch != hello.epoch and old.machine != hello.machine)
            ):
                raise Refusal(Code.CLONED, _cloned(hello, old.host), 15.0)
            if old is None and len(self._live) >= self._most:
                raise Refusal(
                    Code.BUSY,
                    f"{self._most} senders are connected, its `senders` allow no more",
                    5.0,
                )
            self._live[key] = _Live(hello.epoch, hello.machine, hello.host, connection)
        if old:
            old.connection.end(Bye(Farewell.FENCED, "a newer connection of this link took over"))

    def lost(self, hello: Hello, rows: int) -> int:
        """Note how many acknowledged rows a stream misses here; return the sum of all streams."""
        key = hello.journal, hello.stream
        with self._lock:
            self._lost.pop(key, None)
            if rows:
                self._lost[key] = rows
            return sum(self._lost.values())

    def release(self, hello: Hello, connection: Closable) -> None:
        """Take a connection out, unless a newer one of its stream has replaced it."""
        key = hello.journal, hello.stream
        with self._lock:
            if (live := self._live.get(key)) and live.connection is connection:
                del self._live[key]


def _cloned(hello: Hello, other: str) -> str:
    return (
        f"journal {hello.journal.hex()} is connected from {other} already and now comes from "
        f"{hello.host} too: was this machine cloned? Give one of the two a state directory of its "
        "own"
    )
