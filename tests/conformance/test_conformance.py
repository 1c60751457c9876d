"""Each sink is held to its word: how it commits says what is seen of a row after any crash.

`rename`, `named_put`, `cursor_in_target` and `idempotent` promise one copy of each row whatever
step the crash comes before; `none` promises one at least. A sink that is registered and has no
harness here fails.
"""

from collections import Counter
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.component import Sink
from flumec.runtime.components import ALL
from flumec.runtime.journal.records import Cursor
from flumec.runtime.links import ArrowSender
from flumec.runtime.sinks import FileRoll, Hdfs, Logger, Null
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import NOTHING, CrashDisk, Survival

from tests.conformance.harness import OUT, ROWS, Files, Harness, Logged, Make, Read
from tests.link.test_link_every_cut import every_cut

EXACT = ("rename", "named_put", "cursor_in_target", "idempotent")
HARNESSES: dict[str, Make] = {
    "file_roll": lambda: Files(
        FileRoll("out", directory=OUT, path="%{host}", max_open=2, roll=Roll(events=3))
    ),
    "hdfs": lambda: Files(  # on file://; its other stores have tests and servers of their own
        Hdfs("out", path="file:///out/%{host}", max_open=2, roll=Roll(events=3))
    ),
    "logger": lambda: Logged(Logger("out")),
    "null": lambda: Read(Null("out")),
}
SINKS = [part for part in ALL if issubclass(part, Sink)]
CRASHES = {
    "killed": None,
    "cut": NOTHING,
    "cut apart": Survival(0.5, torn=True, seed=3, apart=True),
}


def after(disk: CrashDisk, crash: Survival | None) -> CrashDisk:
    return disk.kill() if crash is None else disk.reboot(crash)


def copies(harness: Harness, disk: CrashDisk) -> str:
    """Say what came of the rows: "one" of each, "more" of some, or which were "lost"."""
    found = harness.arrived(disk)
    assert set(found) <= set(ROWS)
    if set(found) != set(ROWS):
        return "lost"
    return "one" if found == Counter(ROWS) else "more"


def conforms(harness: Harness, crash: Survival | None, step: int = 1, first: int = 1) -> None:
    """Crash at every `step`-th operation; hold what came out to the sink's word, and clean up."""
    filled = harness.filled()
    allowed = ("one",) if harness.sink.commit in EXACT else ("one", "more")
    crashed, cut = 0, first - step
    while True:
        cut += step
        harness.begin()
        broken = filled.kill(cut_at=cut)
        whole = harness.life(broken)
        crashed += not whole
        healed = after(broken, crash)
        assert harness.life(healed)
        assert copies(harness, healed) in allowed, f"after a crash at operation {cut}"
        assert harness.hidden(healed) == []
        journal = harness.journal(healed)
        stats = journal.stats()["spool"]
        journal.close()
        assert (stats.delivered, stats.held) == (len(ROWS), 0)
        if whole:
            break
    assert crashed > 4 // step


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.type)
def test_every_sink_has_a_harness(sink: type[Sink]) -> None:
    assert sink.type in HARNESSES, "a new sink shows here that it keeps its word"


@pytest.mark.parametrize("crash", CRASHES)
@pytest.mark.parametrize("sink", HARNESSES)
@pytest.mark.parametrize("step", [61, pytest.param(1, marks=pytest.mark.slow)])
def test_a_sink_keeps_its_word_whatever_step_a_crash_comes_before(
    sink: str, crash: str, step: int
) -> None:
    first = 1 + list(CRASHES).index(crash) % step
    conforms(HARNESSES[sink](), CRASHES[crash], step, first)


@pytest.mark.parametrize("end", ["tailer", "collector"])
def test_a_link_keeps_its_word_whatever_step_a_crash_comes_before(end: str) -> None:
    assert ArrowSender.commit in EXACT
    assert every_cut(end) > 8


class Hasty(Sink, type="hasty"):
    """Write, then move the cursor, and call it a rename: a row is doubled in between."""

    commit = "rename"

    def run(self, context: Any) -> None:
        context.disk.make_directory(OUT)
        file = context.disk.open(OUT / f"{context.consumer.epoch.hex()}.log", "create")
        size = 0
        while not context.stopping:
            context.alive()
            for chunk in context.consumer.read(0):
                lines = [b"%s\n" % row.encode() for row in ROWS[chunk.first : chunk.end]]
                file.write(lines, size)
                file.sync()
                context.disk.sync_directory(OUT)
                size += sum(map(len, lines))
                context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()


class Eager(Hasty, type="eager"):
    """Move the cursor, then write: a row is lost in between."""

    commit = "none"

    def run(self, context: Any) -> None:
        done: Future[None] = Future()
        done.set_result(None)

        class First:
            def __getattr__(self, name: str) -> Any:
                return getattr(context.consumer, name)

            def read(self, timeout: float) -> Any:
                chunks = context.consumer.read(timeout)
                for chunk in chunks:
                    context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()
                return chunks

            def advance(self, _: Cursor) -> Any:
                return done

        class Place:
            consumer = First()

            def __getattr__(self, name: str) -> Any:
                return getattr(context, name)

        super().run(Place())


@pytest.mark.parametrize("liar", [Hasty, Eager], ids=lambda liar: liar.type)
def test_a_sink_that_breaks_its_word_is_found_out(liar: type[Sink]) -> None:
    with pytest.raises(AssertionError, match="after a crash at operation"):
        conforms(Files(liar("out")), None)


def foreign(disk: CrashDisk) -> dict[Path, bytes]:
    """Lay files of others beside those of the sink: published, hidden by another sink, strange."""
    paths = [
        OUT / "report.log",
        OUT / "a" / "notes.txt",
        OUT / ".flumec" / ("f" * 32) / ("e" * 32) / "0123-1",
        OUT / ".hidden",
    ]
    for path in paths:
        disk.make_directory(path.parent)
        file = disk.open(path, "create")
        file.write([str(path).encode()], 0)
        file.sync()
        disk.sync_directory(path.parent)
    return {path: disk.content(path) for path in paths}


@pytest.mark.parametrize(
    ("sink", "stride"),
    [
        ("file_roll", 11),
        pytest.param("file_roll", 3, marks=pytest.mark.slow),
        pytest.param("hdfs", 3, marks=pytest.mark.slow),
    ],
)
def test_what_a_crash_leaves_is_cleaned_up_and_only_what_is_ours(sink: str, stride: int) -> None:
    harness = HARNESSES[sink]()
    filled = harness.filled()
    theirs = foreign(filled)
    left, cut, whole = 0, 0, False
    while not whole:
        cut += stride
        broken = filled.kill(cut_at=cut)
        whole = harness.life(broken)
        healed = broken.kill()
        left += len(set(harness.hidden(healed)) - set(theirs)) > 0
        assert harness.life(healed)
        assert set(harness.hidden(healed)) == {path for path in theirs if ".flumec" in path.parts}
        assert {path: healed.content(path) for path in theirs} == theirs
    assert left > 3
