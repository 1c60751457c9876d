"""The journals of an agent as one: what is put goes where its channels lie.

A put to channels of one journal is stored in all of them or in none. One that spans several takes
room in all of them first; then it is stored in the others, and last, with the source's position, in
the source's *home*. So a crash in between loses nothing, and repeats what is in the others already.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from flumec.runtime.frozen import frozen
from flumec.runtime.journal import Journal, StateError
from flumec.runtime.journal.putting import PutOp
from flumec.runtime.journal.records import ChannelStats, Outcome, Progress, Put, Stored
from flumec.runtime.journal.removal import Dropped


@frozen
class Layout:
    """Which journal each channel lies in, and where each source keeps its positions."""

    channels: Mapping[str, str]
    homes: Mapping[str, str]
    consumers: Mapping[str, str] = field(default_factory=dict)
    """The channel that each consumer reads."""
    spanning: frozenset[str] = frozenset()
    """Sources whose puts may go to several journals."""
    volatile: frozenset[str] = frozenset()
    """Channels in memory: they are put into with a journal's others, and lie in none."""


class Journals:
    """Open journals, by name. Any thread may call any method."""

    def __init__(self, journals: Mapping[str, Journal], layout: Layout) -> None:
        self._journals = dict(journals)
        self._layout = layout
        self._turns = {source: _Turns() for source in layout.spanning}
        for source, home in layout.homes.items():
            self._bring_home(source, home)

    def of(self, channel: str) -> Journal:
        """Return the journal that a channel lies in."""
        return self._journals[self._layout.channels[channel]]

    def home(self, source: str) -> Journal:
        """Return the journal that keeps a source's positions, or what came to it by links."""
        return self._journals[self._layout.homes[source]]

    def channel_of(self, consumer: str) -> str:
        """Return the channel that a consumer reads."""
        return self._layout.consumers[consumer]

    def fed_by(self, source: str) -> "Fed":
        """Return what a source puts into."""
        return Fed(self, source)

    def positions(self, source: str) -> Mapping[bytes, Progress]:
        """Return the stored position of each of a source's keys."""
        return self._journals[self._layout.homes[source]].positions(source)

    def drop(self, channel: str, word: str) -> Dropped:
        """Give up what a removed channel holds, wherever it lies; raise StateError."""
        journals = list(self._journals.values())
        for journal in journals[:-1]:
            with suppress(StateError):
                return journal.drop(channel, word)
        return journals[-1].drop(channel, word)

    def on_put(self, called: "Callable[[Put, Future[Outcome]], None] | None") -> None:
        """Have a function called with each put and its result; None ends that."""
        for journal in self._journals.values():
            journal.on_put = called

    def balances(self) -> "Mapping[str, tuple[tuple[str, str], ChannelStats]]":
        """Return where each channel lies, by its name and its journal's, "" for memory, and its
        balance; of one that moved to another journal, what it left there too."""  # noqa: D209
        found: dict[str, tuple[tuple[str, str], ChannelStats]] = {}
        for journal, opened in self._journals.items():
            for channel, stats in opened.stats().items():
                here = self._layout.channels.get(channel, journal) == journal
                name = channel if here and channel not in found else f"{channel} ({journal})"
                place = (channel, "" if channel in self._layout.volatile else journal)
                found[name] = place, stats
        return found

    def settle(self) -> "Sequence[Future[Any]]":
        """Have all sync each group from now on; the results come once all before may be read."""
        return [journal.settle() for journal in self._journals.values()]

    def close(self) -> None:
        """Store what is queued, and close all; the default one last.

        A source's home comes before the others that it feeds, and stores a put when these have it.
        """
        for journal in reversed(self._journals.values()):
            journal.close()

    def submit(
        self,
        source: str,
        put: Put,
        *,
        wait: bool = False,
        stopping: Callable[[], bool] | None = None,
    ) -> "Future[Outcome]":
        """Store a source's put; the result comes after the sync."""
        home = self._layout.homes[source]
        if source not in self._turns:
            return self._journals[home].submit(put, wait=wait, stopping=stopping)
        parts = self._parts(put, home)
        reserved: dict[str, PutOp] = {}
        for name in sorted(parts):  # one order for all, so that two never wait for each other
            answer = self._journals[name].reserve(parts[name], wait=wait, stopping=stopping)
            if not isinstance(answer, PutOp):
                for other, op in reserved.items():
                    self._journals[other].release(op)
                return answer
            reserved[name] = answer
        return self._turns[source].store(self._journals, reserved, home)

    def _parts(self, put: Put, home: str) -> dict[str, Put]:
        """Return the put of each journal; that of the home has all but other journals' rows."""
        parts = {home: replace(put, frames=())}
        for frame in put.frames:
            where: dict[str, list[str]] = {}
            for channel in frame.channels:
                where.setdefault(self._layout.channels[channel], []).append(channel)
            for journal, channels in where.items():
                part = parts.setdefault(journal, Put(optional=put.optional, surely=True))
                piece = replace(frame, channels=tuple(channels))
                parts[journal] = replace(part, frames=(*part.frames, piece))
        return parts

    def _bring_home(self, source: str, home: str) -> None:
        """Take the positions to the source's home from where they were, if it moved.

        They are stored there before they are forgotten here. Where both have some, the process
        ended in between, or the source came back: those at home were left by then, or are newer.
        """
        others = [name for name in self._journals if name != home]
        for name in others:
            there = self._journals[name].positions(source)
            if not there:
                continue
            if not self._journals[home].positions(source):
                moved = [replace(position, start=b"") for position in there.values()]
                self._journals[home].submit(Put(progress=tuple(moved), surely=True)).result()
            gone = [replace(p, start=p.to, done=True) for p in there.values()]
            self._journals[name].submit(Put(progress=tuple(gone))).result()


@frozen
class Fed:
    """All journals, as one source puts into them."""

    journals: Journals
    source: str

    def submit(
        self, put: Put, *, wait: bool = False, stopping: Callable[[], bool] | None = None
    ) -> "Future[Outcome]":
        """Store a put; the result comes after the sync."""
        return self.journals.submit(self.source, put, wait=wait, stopping=stopping)


@dataclass(slots=True)
class _Turns:
    """The puts of one source, each of which is stored at home after those before it."""

    _lock: Lock = field(default_factory=Lock)
    _last: "Future[None] | None" = None

    def store(
        self, journals: Mapping[str, Journal], ops: Mapping[str, PutOp], home: str
    ) -> "Future[Outcome]":
        """Store in the other journals at once, and at home when they have it and it is its turn.

        What one has already is stored by the rest once their disks have room: a source that was
        told that they are full would put it anew.
        """
        done: Future[Outcome] = Future()
        turn: Future[None] = Future()
        apart = len(ops) - 1
        for name, op in ops.items():
            op.wait = op.wait or apart > 1 or (apart == 1 and name == home)
        with self._lock:
            before, self._last = self._last, turn
            others = [journals[name].store(op) for name, op in ops.items() if name != home]
        waiting: list[Future[Any]] = [*others, *((before,) if before else ())]

        def proceed() -> None:
            refused = _refused(others)
            if refused is None:
                journals[home].store(ops[home]).add_done_callback(lambda at: _pass_on(at, done))
            else:
                journals[home].release(ops[home])
                _pass_on(refused, done)
            turn.set_result(None)

        _after(waiting, proceed)
        return done


def _refused(others: "Sequence[Future[Outcome]]") -> "Future[Outcome] | None":
    """Return the first put that was not stored."""
    for other in others:
        if other.exception() is not None or not isinstance(other.result(), Stored):
            return other
    return None


def _pass_on(result: "Future[Outcome]", to: "Future[Outcome]") -> None:
    error = result.exception()
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(result.result())


def _after(waiting: "Sequence[Future[Any]]", then: Callable[[], None]) -> None:
    """Call `then` once all are done, in the thread of the last one, or here."""
    left, lock = [len(waiting) + 1], Lock()

    def one(_: object) -> None:
        with lock:
            left[0] -= 1
            last = not left[0]
        if last:
            then()

    for each in waiting:
        each.add_done_callback(one)
    one(None)
