"""Rows that cannot be delivered for too long are dead letters: each once, whatever crash comes."""

import errno
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
import spooled
from flumec.runtime.batch import decode, header
from flumec.runtime.component import After, Duration, Ref
from flumec.runtime.journal import ConsumerSpec, Journal, JournalFailed
from flumec.runtime.letters import REASON, SINK, TRIES, Letters
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival
from spooled import OUT, ROWS, SPOOL, files, put_rows

from .conftest import SinkPlace

OF_A = {row for row in ROWS if row.startswith("a")}
START = 1_700_000_000_000_000_000
FILES = FileRoll(
    "files",
    directory=OUT,
    path="%{host}",
    roll=Roll(events=2, every=Duration("10ms")),
    dead_letter=Ref("late"),
    give_up=After(Duration("20s")),
)

Trouble = Callable[[str, tuple[Any, ...]], bool]


def folder_of_a(verb: str, arguments: tuple[Any, ...]) -> bool:
    """Nothing can be renamed into one of the folders."""
    return verb == "rename" and str(arguments[1]).startswith("/out/a/")


def everything(verb: str, arguments: tuple[Any, ...]) -> bool:
    """Nothing can be made below the directory."""
    return str(arguments[0]).startswith("/out") and verb in ("rename", "make_directory", "open")


@dataclass
class Troubled:
    """A disk on which some calls fail, with a full disk's error."""

    disk: CrashDisk
    trouble: Trouble

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self.disk, verb)
        if not callable(call):
            return call

        def tried(*arguments: Any, **named: Any) -> Any:
            if self.trouble(verb, arguments):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[-1]))
            return call(*arguments, **named)

        return tried


class Place(SinkPlace):
    """A context in which each step of the sink takes time."""

    def alive(self) -> None:
        super().alive()
        self.clock.advance(0.05)


def open_journal(disk: CrashDisk, late: int = 1 << 20) -> Journal:
    readers = [ConsumerSpec("files", "spool"), ConsumerSpec("post", "late")]
    return spooled.open_journal(disk, readers, SPOOL | {"late": late})


def filled(disk: CrashDisk | None = None) -> CrashDisk:
    """Return a disk with a journal that holds all events."""
    disk = disk or CrashDisk()
    disk.make_directory(OUT)
    put_rows(open_journal(disk), born=START)
    return disk


def deliver(
    disk: CrashDisk, trouble: Trouble, sink: FileRoll = FILES, seconds: float = 300
) -> SinkPlace | None:
    """Run the sink until all rows are somewhere, or for so long; None when the power went."""
    try:
        journal = open_journal(disk)
        try:
            consumer = journal.consumer("files")
            place = Place(consumer, Troubled(disk, trouble))  # type: ignore[arg-type]
            after = None if sink.give_up is None else float(sink.give_up.duration)
            place.letters = Letters(journal, consumer, sink.dead_letter, place, give_up=after)  # type: ignore[assignment]
            place.until = lambda: (
                disk.dead
                or place.steps > 30
                or place.clock.monotonic() > seconds
                or not journal.stats()["spool"].held
            )
            sink.run(place)
        finally:
            journal.close()
    except (PowerCut, JournalFailed):
        return None
    return None if disk.dead else place


def deliver_all(disk: CrashDisk, trouble: Trouble) -> None:
    """Start the sink until every row is somewhere: a stop waits for nothing that fails."""
    for _ in range(40):
        assert deliver(disk, trouble) is not None
        journal = open_journal(disk)
        held = journal.stats()["spool"].held
        journal.close()
        if not held:
            return


def letters(disk: CrashDisk) -> list[tuple[str, ...]]:
    """Return the dead letters: body and headers."""
    journal = open_journal(disk)
    found = []
    for chunk in journal.consumer("post").read(0):
        batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
        said = [header(batch, name).to_pylist() for name in (REASON, SINK, TRIES)]
        bodies = [body.decode() for body in batch.column("body").to_pylist()]
        found += list(zip(bodies, *said, strict=True))
    journal.close()
    return found


def published(disk: CrashDisk) -> Counter[str]:
    lines = (disk.content(path).decode().splitlines() for path in files(disk, OUT))
    return Counter(line for each in lines for line in each)


def check(disk: CrashDisk) -> set[str]:
    """Hold files and letters against what was put; return the rows that became letters."""
    given = [body for body, *_ in letters(disk)]
    assert published(disk) + Counter(given) == Counter(ROWS)
    journal = open_journal(disk)
    consumer = journal.consumer("files")
    consumer.advance(consumer.cursor).result()  # as each start does
    stats = journal.stats()
    journal.close()
    spool = stats["spool"]
    assert (spool.delivered, spool.dead_lettered) == (len(ROWS) - len(given), len(given))
    assert (spool.held, spool.held_bytes, stats["late"].put) == (0, 0, len(given))
    with suppress(FileNotFoundError):
        assert list(files(disk, OUT / ".flumec")) == []
    return set(given)


def test_what_cannot_be_published_is_given_up_and_the_rest_is_delivered() -> None:
    disk = filled()
    place = deliver(disk, folder_of_a)
    assert place is not None
    assert check(disk) == OF_A
    assert place.clock.monotonic() >= 20
    for _, reason, sink, tries in letters(disk):
        assert "the disk is full: make room" in reason
        assert sink == "core-1.example.com/collector/files"
        assert int(tries) > 3


def test_what_has_no_place_at_all_is_given_up_even_after_a_start() -> None:
    disk = filled()
    assert deliver(disk, everything, seconds=3) is not None
    place = deliver(disk.kill(), everything)
    assert place is not None
    disk = disk.kill()
    assert deliver(disk, everything) is not None
    assert check(disk) == set(ROWS)


def test_nothing_is_given_up_before_its_time_or_without_being_told() -> None:
    disk = filled()
    assert deliver(disk, folder_of_a, replace(FILES, give_up=After(Duration("1h"))), 40) is not None
    assert deliver(disk, folder_of_a, replace(FILES, give_up=None), 40) is not None
    assert letters(disk) == []
    assert deliver(disk, lambda verb, arguments: False) is not None
    assert check(disk) == set()


@pytest.mark.parametrize("trouble", [folder_of_a, everything], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("survival", "cuts"),
    [
        (NOTHING, slice(0, None, 41)),
        pytest.param(NOTHING, slice(0, None, 17), marks=pytest.mark.slow),
        pytest.param(NOTHING, slice(None), marks=pytest.mark.slow),
        pytest.param(EVERYTHING, slice(None), marks=pytest.mark.slow),
        pytest.param(Survival(0.5, 0.5, "any", torn=True, seed=7), slice(None),
                     marks=pytest.mark.slow),
    ],
    ids=["few", "some", "nothing", "everything", "half"],
)  # fmt: skip
def test_a_cut_at_any_operation_loses_and_repeats_nothing(
    trouble: Trouble, survival: Survival, cuts: slice
) -> None:
    disk = filled()
    quiet = disk.kill()
    deliver_all(quiet, trouble)
    total = quiet.operations
    seen = set()
    for cut in range(1, total + 1)[cuts]:
        again = disk.kill()
        again.cut_at = again.operations + cut
        deliver(again, trouble)
        after = again.reboot(survival) if again.dead else again.kill()
        deliver_all(after, trouble)
        seen.add(frozenset(check(after)))
    assert seen == {frozenset(OF_A if trouble is folder_of_a else ROWS)}


@pytest.mark.parametrize("mended", [True, False])
def test_a_place_is_looked_at_while_nothing_comes_until_it_is_repaired(mended: bool) -> None:
    disk = filled()
    journal = open_journal(disk)
    consumer, broken = journal.consumer("files"), False
    place = Place(consumer, Troubled(disk, lambda *call: broken and everything(*call)))  # type: ignore[arg-type]
    place.letters = Letters(journal, consumer, "late", place, give_up=20)  # type: ignore[assignment]
    given_up = 0

    def until() -> bool:
        nonlocal broken, given_up
        place.steps, now = 0, place.clock.monotonic()
        place.clock.advance(1)
        if not journal.stats()["spool"].held:
            given_up = given_up or len(place.failures)
        broken = not (mended and now > 300)  # from its first step on
        return now > 1_000 or (not broken and place.failures[-1] == "")

    place.until = until
    FILES.run(place)
    assert (place.failures[-1] == "") == mended
    assert place.clock.monotonic() < (400 if mended else 1_010)
    if not mended:
        assert "the disk is full: make room" in place.failures[-1]
        assert 15 < len(place.failures) - given_up < 40  # looks in a quarter of an hour
    journal.close()
    assert list(files(disk, OUT)) == []
