"""GET /tap?point=NAME&n=10: the next events at a source, a channel or a sink, a JSON line each."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Refusal, Request, Routes
from flumec.runtime.tap import Tap
from flumec.runtime.worker import Role, Worker

if TYPE_CHECKING:
    from flumec.runtime.journal.records import Frame, Outcome, Put
    from flumec.runtime.journals import Journals

MOST = 10_000
LARGEST = 1 << 20

Point: TypeAlias = Callable[[Tap], AbstractContextManager[None]]


def add(routes: Routes, inside: Inside) -> None:
    """Let events be seen as a source puts them, as a channel stores them, as a consumer reads them.

    At a source they are as they came from outside, before any interceptor.
    """
    channels = _Channels(inside.journals)
    points: dict[str, Point] = {
        worker.name: _at_worker(worker)
        for worker in inside.staff.workers
        if worker.role is not Role.RECEIVER
    }
    points |= {channel.name: channels.at(channel.name) for channel in inside.agent.channels}

    def tap(request: Request) -> Answer:
        point = points.get(request.query.get("point", ""))
        if point is None:
            raise Refusal(
                HTTPStatus.NOT_FOUND,
                f"`{inside.agent.name}` has no point `{request.query.get('point', '')}`; events "
                f"can be seen at {', '.join(points)}",
            )
        count, largest = request.number("n", 10, 1, MOST), request.number("bytes", 4096, 0, LARGEST)
        lines = _lines(point, Tap(count, inside.clock), largest)
        return Answer(lines, content="application/x-ndjson")

    routes.add("GET", "/tap", tap)


def _lines(point: Point, tap: Tap, largest: int) -> Iterator[bytes]:
    """Yield lines while who asked listens: an empty one each second finds out."""
    with point(tap):
        yield b"\n"
        for event in tap.events(largest):
            yield b"\n" if event is None else json.dumps(event).encode() + b"\n"


def _at_worker(worker: Worker) -> Point:
    @contextmanager
    def listening(tap: Tap) -> Iterator[None]:
        worker.tap(tap)
        try:
            yield
        finally:
            worker.untap(tap)

    return listening


class _Channels:
    """The taps at channels, which the journals call for each put while there is one."""

    def __init__(self, journals: "Journals") -> None:
        self._journals = journals
        self._lock = Lock()
        self._taps: tuple[tuple[str, Tap], ...] = ()

    def at(self, channel: str) -> Point:
        """Return the point where events go into a channel."""

        @contextmanager
        def listening(tap: Tap) -> Iterator[None]:
            with self._lock:
                self._set((*self._taps, (channel, tap)))
            try:
                yield
            finally:
                with self._lock:
                    self._set(tuple(each for each in self._taps if each[1] is not tap))

        return listening

    def _set(self, taps: tuple[tuple[str, Tap], ...]) -> None:
        self._taps = taps
        self._journals.on_put(self._see if taps else None)

    def _see(self, put: "Put", result: "Future[Outcome]") -> None:
        """Show a put's frames once they are stored; called in the putting thread."""
        from flumec.runtime.journal.records import Stored

        for channel, tap in self._taps:
            frames = [frame for frame in put.frames if channel in frame.channels]

            def show(
                done: "Future[Outcome]", frames: "list[Frame]" = frames, tap: Tap = tap
            ) -> None:
                stored = not done.cancelled() and done.exception() is None
                if stored and isinstance(done.result(), Stored):
                    for frame in frames:
                        tap.frame(frame)

            if frames:
                result.add_done_callback(show)
