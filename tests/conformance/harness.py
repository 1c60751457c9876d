"""A sink on a disk whose power can be cut, over a real journal: what came of it in all starts."""

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flumec.runtime.component import Sink
from flumec.runtime.journal import ConsumerSpec, Journal, JournalFailed
from flumec.runtime.testing import CrashDisk, PowerCut
from spooled import OUT, ROWS, files, open_journal, put_rows

from tests.output.conftest import SinkPlace

STEPS = 8
"""How often a sink may ask whether it is to stop; with fewer it would not take all rows."""


class Harness:
    """One sink, started again and again, and what the world outside has seen of its rows."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    def filled(self) -> CrashDisk:
        """Return a disk with a journal that holds all rows, each put acknowledged."""
        disk = CrashDisk()
        disk.make_directory(OUT)
        put_rows(self.journal(disk))
        return disk

    def journal(self, disk: CrashDisk) -> Journal:
        """Open the journal, as an agent's start does."""
        return open_journal(disk, [ConsumerSpec(self.sink.name, "spool")])

    def life(self, disk: CrashDisk) -> bool:
        """Live from a start to an orderly end; False when the power went."""
        try:
            journal = self.journal(disk)
            try:
                place = SinkPlace(journal.consumer(self.sink.name), disk)
                looks = iter(range(STEPS))
                place.until = lambda: disk.dead or next(looks, None) is None
                self.run(place)
            finally:
                journal.close()
        except (PowerCut, JournalFailed):
            return False
        return not disk.dead

    def run(self, place: Any) -> None:
        """Have the sink work at a place."""
        self.sink.run(place)  # type: ignore[attr-defined]

    def begin(self) -> None:
        """Forget what was seen: the next lives are those of another disk."""

    def arrived(self, disk: CrashDisk) -> Counter[str]:
        """Return the rows that the world outside has, with their copies."""
        raise NotImplementedError

    def hidden(self, disk: CrashDisk) -> list[Path]:
        """Return what the sink keeps where nobody looks."""
        return []


class Files(Harness):
    """A sink that publishes files of lines on the disk."""

    def arrived(self, disk: CrashDisk) -> Counter[str]:
        lines = (disk.content(path).decode().splitlines() for path in files(disk, OUT))
        return Counter(line for found in lines for line in found)

    def hidden(self, disk: CrashDisk) -> list[Path]:
        return list(files(disk, OUT / ".flumec")) if ".flumec" in disk.names(OUT) else []


class Seen(Harness):
    """A sink that leaves nothing on the disk: what it was seen to do is what arrived."""

    def begin(self) -> None:
        self._seen: Counter[str] = Counter()

    def arrived(self, disk: CrashDisk) -> Counter[str]:
        return self._seen

    def see(self, rows: str) -> None:
        """Note every row that is named in a text."""
        self._seen.update(row for row in ROWS if row in rows)


class Logged(Seen):
    """The logger: what it says."""

    def run(self, place: Any) -> None:
        see = self.see

        class Ear(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                see(record.getMessage())

        ear = Ear()
        place.log = logging.getLogger("conformance")
        place.log.setLevel(logging.INFO)
        place.log.addHandler(ear)
        super().run(place)
        place.log.removeHandler(ear)


class Read(Seen):
    """A sink that does nothing with a row but read it."""

    def run(self, place: Any) -> None:
        read = place.consumer.read

        def reading(*arguments: Any) -> Any:
            chunks = read(*arguments)
            for chunk in chunks:
                self.see(bytes(chunk.body).decode(errors="replace"))
            return chunks

        place.consumer.read = reading
        super().run(place)


Make = Callable[[], Harness]
