"""The names of the newest requests, so that a repeated one is not stored twice.

They are positions of the source like any other: a ring of slots, each a key of its own. A request
takes the slot that was written longest ago and stores its own number and digest there, in one
transaction with its events, provided that the slot still holds what it held. So requests may be
under way side by side, each in another slot, and after a crash the slots say what was stored.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from hashlib import blake2b

from flumec.runtime.journal.records import Outcome, Progress, Stored

_DIGEST = 16
SLOT, STORED = 4, 8 + _DIGEST
"""How long a slot's key is, and what it stores: the request's number and digest."""


class Remembered:
    """The requests that are stored or on their way."""

    def __init__(self, source: str, size: int, positions: Mapping[bytes, Progress]) -> None:
        self._source = source
        self._slots = {key: positions[key].to for key in positions}
        wanted = [slot.to_bytes(SLOT, "big") for slot in range(size)]
        self._retired = [key for key in self._slots if key not in set(wanted)]
        for key in self._retired:
            del self._slots[key]
        self._unused = deque(sorted(wanted, key=lambda key: self._slots.get(key, b"")))
        self._stored = {to[-_DIGEST:]: key for key, to in self._slots.items() if to}
        self._number = max(
            (int.from_bytes(to[:8], "big") for to in self._slots.values()), default=0
        )
        self._under_way: dict[bytes, asyncio.Future[Outcome]] = {}
        self._positions = positions

    @property
    def retired(self) -> list[Progress]:
        """What to store so that slots of an earlier, larger declaration are forgotten."""
        return [
            Progress(self._source, key, self._positions[key].to, b"", done=True)
            for key in self._retired
        ]

    def known(self, name: str) -> "asyncio.Future[Outcome] | Stored | None":
        """Return what is known of a request: it is stored, it is on its way, or None."""
        digest = _digest(name)
        if digest in self._stored:
            return Stored(0, 0)
        return self._under_way.get(digest)

    def begin(self, name: str) -> Progress | None:
        """Return the progress to store with a new request; None while every slot is in use."""
        if not self._unused:
            return None
        key = self._unused.popleft()
        self._number += 1
        to = self._number.to_bytes(8, "big") + _digest(name)
        return Progress(self._source, key, self._slots.get(key, b""), to)

    def follow(self, progress: Progress, result: "asyncio.Future[Outcome]") -> None:
        """Keep the request as under way until its result is there, then as stored or not at all."""
        digest = progress.to[-_DIGEST:]
        self._under_way[digest] = result
        result.add_done_callback(lambda done: self._end(progress, digest, done))

    def abandon(self, progress: Progress) -> None:
        """Give the slot back: nothing was put."""
        self._unused.appendleft(progress.key)

    def _end(self, progress: Progress, digest: bytes, done: "asyncio.Future[Outcome]") -> None:
        del self._under_way[digest]
        failed = done.cancelled() or done.exception() is not None
        if failed or not isinstance(done.result(), Stored):
            self.abandon(progress)
            return
        if progress.start:
            self._stored.pop(progress.start[-_DIGEST:], None)
        self._slots[progress.key] = progress.to
        self._stored[digest] = progress.key
        self._unused.append(progress.key)


def _digest(name: str) -> bytes:
    return blake2b(name.encode(errors="surrogateescape"), digest_size=_DIGEST).digest()
