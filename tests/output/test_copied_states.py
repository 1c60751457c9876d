"""A state that goes on in two places: whoever freezes and wakes up at whatever step, no row twice.

Two starts of one sink, each on its own copy of the state and on one directory. Each runs up to some
step (any call of its disk, or of what is stored of it), and then to its end.
"""

import copy
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import thorough
from flumec.runtime.output import recovery
from flumec.runtime.output.holding import Claim, Holding
from flumec.runtime.output.note import Note
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import CrashDisk
from flumec.runtime.testing.claims import ANY

from .conftest import Channel, SinkPlace
from .test_file_roll_crashes import files

OUT = Path("/out")
ROWS = Counter(["0", "1", "2"])
SINK = FileRoll("files", directory=OUT, roll=Roll(events=1))


class Gate:
    """Holds a start at its `stop`-th step, until it may go on."""

    def __init__(self, stop: int) -> None:
        self.steps = 0
        self.stop = stop
        self.held = threading.Event()
        self._go_on = threading.Event()

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.stop:
            self.held.set()
            assert self._go_on.wait(20)

    def go_on(self) -> None:
        self._go_on.set()


class Gated:
    """Whatever it stands for, with a step before each of its calls."""

    def __init__(self, inner: Any, gate: Gate, verbs: frozenset[str] | None = None) -> None:
        self._inner = inner
        self._gate = gate
        self._verbs = verbs

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or (self._verbs is not None and name not in self._verbs):
            return found

        def call(*arguments: Any) -> Any:
            self._gate.step()
            result = found(*arguments)
            return Gated(result, self._gate) if name == "open" else result

        return call


STORED = frozenset({"advance", "intend", "resolve"})


class Start:
    """One start of the agent on its own copy of the state."""

    numbers = itertools.count(1)

    def __init__(self, state: Channel, disk: CrashDisk, stop: int = 0) -> None:
        self.state = state
        self.gate = Gate(stop)
        consumer = state.consumer()
        consumer.epoch = next(self.numbers).to_bytes(16, "big")[::-1]
        self.epoch = consumer.epoch.hex()
        gated: Any = Gated(consumer, self.gate, STORED)
        self.place = SinkPlace(gated, Gated(disk, self.gate))  # type: ignore[arg-type]
        self.place.until = lambda: self.place.steps >= 8 or self.refused >= 2
        self._thread = threading.Thread(target=self._run)
        self.error: BaseException | None = None

    @property
    def refused(self) -> int:
        """How often it was told that the folder is another's."""
        return self.place.counters.counts["retries"]

    def _run(self) -> None:
        try:
            SINK.run(self.place)
        except BaseException as error:
            self.error = error
        finally:
            self.gate.held.set()

    def freeze(self) -> None:
        """Run up to the step, or to the end."""
        self._thread.start()
        assert self.gate.held.wait(20)

    def end(self) -> None:
        """Run to the end."""
        self.gate.go_on()
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert self.error is None, self.error


def run(state: Channel, disk: CrashDisk) -> Start:
    """Have a start live from its beginning to its end."""
    start = Start(state, disk)
    start.freeze()
    start.end()
    return start


def holder(disk: CrashDisk) -> str:
    """Return the epoch of the start that holds the sink's folder, "" without a folder."""
    if ".flumec" not in disk.names(OUT):
        return ""
    folders = [name for name in disk.names(OUT / ".flumec") if "." not in name]
    return disk.names(OUT / ".flumec" / folders[0])[0][:32] if folders else ""


def published(disk: CrashDisk) -> Counter[str]:
    found = (disk.content(path).decode().split() for path in files(disk, OUT))
    return Counter(row for rows in found for row in rows)


def copied(state: Channel) -> Channel:
    """Copy what a disk holds of a state."""
    twin = copy.copy(state)
    twin.chunks, twin.intents = list(state.chunks), list(state.intents)
    return twin


def new() -> tuple[Channel, CrashDisk]:
    disk = CrashDisk()
    disk.make_directory(OUT)
    return Channel(), disk


def named_only() -> tuple[Channel, CrashDisk]:
    """Leave what a start leaves that was killed right after it had given the sink its name."""
    state, disk = new()
    state.bodies(b"0", b"1", b"2")
    start = Start(state, disk, 2)
    start.freeze()
    named, left = copied(state), disk.kill()  # and so the thread ends as well
    start.gate.go_on()
    assert named.cursor.note
    assert left.names(OUT) == []
    return named, left


def ended() -> tuple[Channel, CrashDisk]:
    state, disk = new()
    state.bodies(b"0")
    run(state, disk)
    state.bodies(b"1", b"2")
    return state, disk


def killed_with_an_intent() -> tuple[Channel, CrashDisk]:
    """Leave what a start leaves that was killed before it published what it had intended."""
    state, disk = new()
    state.bodies(b"0")
    total = run(copied(state), disk.kill()).gate.steps
    for stop in range(1, total):
        found, there = copied(state), disk.kill()
        start = Start(found, there, stop)
        start.freeze()
        if found.intents:
            twin = copied(found)
            left = there.kill()  # and so the thread ends as well
            start.gate.go_on()
            twin.bodies(b"1", b"2")
            return twin, left
        start.end()
    raise AssertionError("nothing was ever intended")


def from_an_older_runtime() -> tuple[Channel, CrashDisk]:
    """A folder that is named by the epoch alone, and a note that says nothing of starts."""
    state, disk = ended()
    note = Note.of(state.cursor)
    assert note is not None
    base = OUT / ".flumec" / note.sink
    (held,) = disk.names(base)
    disk.rename(base / held, base / held[:32])
    for mark in disk.names(base / held[:32]):
        disk.remove_directory(base / held[:32] / mark)
    object.__setattr__(note, "starts", {})
    object.__setattr__(state.cursor, "note", note.stored)
    return state, disk


PASTS: dict[str, Callable[[], tuple[Channel, CrashDisk]]] = {
    "named only": named_only,
    "ended": ended,
    "killed with an intent": killed_with_an_intent,
    "from an older runtime": from_an_older_runtime,
}

COPIES: dict[str, Callable[[int], int]] = {
    "copied before": lambda stop: 0,
    "copied half way": lambda stop: stop // 2,
    "copied when it froze": lambda stop: stop,
}


@cache
def begun(past: str) -> tuple[Channel, CrashDisk]:
    """Return a past, which is lived through once; only copies of it are touched."""
    return PASTS[past]()


def after(past: str) -> tuple[Channel, CrashDisk]:
    state, disk = begun(past)
    return copied(state), disk.kill()


def lives(past: str, taken: str, first: int, second: int) -> Iterator[str]:
    """Freeze a start at a step, start a copy that freezes too; the first wakes up, and the second.

    Yield what each that was refused said.
    """
    state, disk = after(past)
    at = COPIES[taken](first)
    one = Start(state, disk, first)
    twin = copied(state)
    step = one.gate.step

    def watched() -> None:
        nonlocal twin
        step()
        if one.gate.steps == at - 1:
            twin = copied(state)

    one.gate.step = watched  # type: ignore[method-assign]
    one.freeze()
    if taken == "copied when it froze":
        twin = copied(state)
    two = Start(twin, disk, second)
    two.freeze()
    held = holder(disk)
    one.end()
    assert held != two.epoch or holder(disk) == held, (
        "was taken over by one that does not know of it"
    )
    two.end()
    assert published(disk) <= ROWS
    for again in (state, twin):
        yield from run(again, disk).place.failures
        assert published(disk) <= ROWS
    assert published(disk) == ROWS
    assert list(files(disk, OUT / ".flumec")) == []


@cache
def steps(past: str) -> int:
    """Return how many steps a start takes that nobody disturbs."""
    state, disk = after(past)
    return run(state, disk).gate.steps


@pytest.mark.parametrize("taken", COPIES)
@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize(
    "stride",
    [
        997,
        pytest.param(211, marks=pytest.mark.slow),
        pytest.param(23 * thorough.step(), marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
    ],
)
def test_of_two_copies_no_row_is_published_twice_and_none_is_lost(
    past: str, taken: str, stride: int
) -> None:
    total = steps(past)
    tried, said = 0, Counter[str]()
    for number in range(0, total * total, stride):
        first, second = divmod(number, total)
        try:
            told = list(lives(past, taken, first + 1, second + 1))
        except AssertionError as error:
            raise AssertionError(f"frozen at {first + 1}, the copy at {second + 1}") from error
        said.update("does not know of" in line for line in told if line)
        tried += 1
    print(f"{tried} pairs of steps of {total}; a start was refused {said[True]} times")
    assert said[True]


@pytest.mark.parametrize("without", ["the mark", "the names"])
def test_without_one_of_its_parts_the_fence_does_not_hold(
    without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are published twice without the one, a successor is stopped without the other."""
    total = steps("ended")
    if without == "the mark":
        monkeypatch.setattr(Holding, "_published", lambda self, holder: 0)
        pairs = [("copied half way", first, total) for first in range(1, total)]
        expected = r"Counter\(.* <= Counter"
    else:
        monkeypatch.setattr(recovery, "Claim", lambda _, *more: Claim(ANY.known, *more))
        pairs = [("copied before", 5, second) for second in range(1, total)]
        expected = "was taken over by one that does not know of it"
    with pytest.raises(AssertionError, match=expected):
        for taken, first, second in pairs:
            list(lives("ended", taken, first, second))
