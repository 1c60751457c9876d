"""Putting a file's frames, piece by piece: into a journal that is open here, or by its agent."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from types import FrameType, TracebackType
from typing import Any, Protocol
from urllib.parse import quote

from flumec.runtime.channel.piece import Piece
from flumec.runtime.channel.replayed import SOURCE, Replay
from flumec.runtime.clock import Clock
from flumec.runtime.control.client import Client, Unreachable
from flumec.runtime.journal import Journal
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.records import Frame, Full, Outcome, Progress, Refused, Stored

PIECE_BYTES = 8 << 20
"""Bodies in one piece, at most, but for a single larger frame; of a small channel a quarter."""

_AGAIN = 0.5
_PATIENCE = 30.0
"""Seconds for which an agent is asked again that does not answer: it may be starting anew."""

Show = Callable[[int, str], None]
"""Shows how many rows are through, and a note on it."""


class Stopped(Exception):  # noqa: N818 somebody's wish
    """It was told to stop; the message says what is done, and how to go on."""


class Target(Protocol):
    """A channel to put into."""

    interrupted: threading.Event
    drains: bool
    """Whether a full one may have room after a while."""

    def positions(self) -> Mapping[bytes, Progress]:
        """Return how far each file is that the journal remembers."""

    def put(self, piece: Piece) -> Outcome:
        """Have a piece stored, or nothing of it."""


class Dead:
    """A channel in a journal that this process has open; nobody reads it meanwhile."""

    drains = False

    def __init__(self, journal: Journal, interrupted: threading.Event) -> None:
        self.interrupted = interrupted
        self._journal = journal

    def positions(self) -> Mapping[bytes, Progress]:
        """Return how far each file is."""
        return self._journal.positions(SOURCE)

    def put(self, piece: Piece) -> Outcome:
        """Store a piece."""
        result: Future[Outcome] = self._journal.submit(piece.put)
        return result.result()


class Live:
    """A channel of a running agent."""

    drains = True

    def __init__(
        self, agent: Client, channel: str, clock: Clock, interrupted: threading.Event
    ) -> None:
        self.interrupted = interrupted
        self._agent = agent
        self._clock = clock
        self._route = f"/channels/{quote(channel, safe='')}/replay"

    def positions(self) -> Mapping[bytes, Progress]:
        """Return how far each file is."""
        known = self._patiently(lambda: self._agent.get(self._route))
        found = [
            Progress(SOURCE, bytes.fromhex(k), b"", bytes.fromhex(v)) for k, v in known.items()
        ]
        return {each.key: each for each in found}

    def put(self, piece: Piece) -> Outcome:
        """Have a piece stored; what was stored although its answer was lost is refused."""
        data = piece.pack()
        answer = self._patiently(lambda: self._agent.post(self._route, data))
        if "full" in answer:
            return Full(answer["full"])
        if "refused" in answer:
            return Refused(answer["refused"])
        return Stored(answer["first"], answer["rows"])

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask again where there is no answer: a position makes it safe."""
        deadline = self._clock.monotonic() + _PATIENCE
        while True:
            try:
                return ask()
            except Unreachable:
                if self._clock.monotonic() >= deadline or self.interrupted.is_set():
                    raise
                self._clock.wait(self.interrupted, _AGAIN)


class Replaying:
    """Puts frames, a bounded number at a time, each piece with how far the file has come."""

    def __init__(
        self, target: Target, run: Replay, positions: Mapping[bytes, Progress], clock: Clock,
        *, show: Show, name: str, size: int, command: str,
    ) -> None:  # fmt: skip
        self._target = target
        self._run = run
        self._forgets = () if run.position else tuple(run.forgets(positions))
        self._clock = clock
        self._show = show
        self._name = name
        self._command = command
        self._most = min(PIECE_BYTES, size // 4)
        self._rows = 0

    def put_all(self, given: Iterator[Frame], begin: int) -> int:
        """Store frames that come after `begin` rows, and that it is all; return the last row."""
        self._rows = begin
        held, length = list[Frame](), 0
        for frame in given:
            if held and length + frame.body.size > self._most:
                self._put(held, done=False)
                held, length = [], 0
            held.append(frame)
            length += frame.body.size
        self._put(held, done=True)
        return self._rows

    def _put(self, held: list[Frame], *, done: bool) -> None:
        rows = self._rows + sum(frame.rows for frame in held)
        step = self._run.step(rows, self._clock.now_ns(), done=done)
        piece = Piece(tuple(held), (*self._forgets, step))
        self._show(self._rows, "")
        while not self._stored(piece, step):
            pass
        self._run, self._forgets, self._rows = self._run.at(step.to), (), rows

    def _stored(self, piece: Piece, step: Progress) -> bool:
        """Try it once; False where it is to be tried again."""
        if self._target.interrupted.is_set():
            raise Stopped(f"stopped: {self._so_far}")
        outcome = self._target.put(piece)
        if isinstance(outcome, Full):
            if not self._target.drains:
                raise StateError(
                    f"`{outcome.channel}` has no room for more until it is drained: {self._so_far}"
                )
            self._show(self._rows, f"; `{outcome.channel}` is full: waiting for room")
            return False
        if isinstance(outcome, Refused):
            known = self._target.positions().get(step.key)
            if known is None or known.to != step.to:
                raise StateError(f"{outcome.reason}; {self._so_far}")
        return True

    @property
    def _so_far(self) -> str:
        rows = f"{self._rows:,} rows of {self._name} are through"
        return f"{rows}; {self._command} goes on with event {self._rows + 1}"


class Interruptible:
    """While it is entered, Ctrl-C or SIGTERM set an event; a second one ends the process."""

    def __enter__(self) -> threading.Event:
        self._told = threading.Event()
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._tell)
        return self._told

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told.set()
        self._restore()

    def _restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
