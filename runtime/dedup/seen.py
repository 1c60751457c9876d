"""What a sink has seen: live runs of what is published, and the keys of what is staged.

A key's way: `admit` finds it new, `stage` notes in which file its row waits, `seal` writes the keys
of the files that are to be published as a run, `commit` makes the run live. The run is durable
before the intent that names it is, and live when the cursor is stored that names it: so no crash
leaves a key without its row, or a row without its key. `abandon` forgets what is staged: its rows
are read again, and are no copies of themselves.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from flumec.runtime.dedup.ageing import Ageing
from flumec.runtime.dedup.filter import Probe
from flumec.runtime.dedup.keys import Keys, Mask, firsts, ordered
from flumec.runtime.dedup.memory import SUFFIX, Memory, run_name
from flumec.runtime.dedup.merge import merged
from flumec.runtime.dedup.pending import Pending
from flumec.runtime.dedup.run import LOST, Run, open_run
from flumec.runtime.dedup.write import write
from flumec.runtime.disk import Disk
from flumec.runtime.output.store import Unknown

MOST_STAGED = 4_000_000
"""Keys that may be staged: 88 MB. Above it files are rolled early."""


class Seen:
    """The keys of one sink, in one start of its agent."""

    def __init__(
        self, directory: Path, disk: Disk, ageing: Ageing, memory: Memory, *, start: str
    ) -> None:
        self._directory = directory
        self._disk = disk
        self._start = start
        self._ageing = ageing
        self._key = memory.key
        self._pending = Pending()
        self._merges = 0
        self._dead: list[Run] = []
        disk.make_directory(directory)
        self._runs = self._opened(memory)
        self._sealed: Run | None = None
        self._clear(memory)

    @property
    def memory(self) -> Memory:
        """What the cursor is to remember: with it, the live runs are those of now."""
        return Memory(self._key, tuple(run.name for run in self._runs), self._ageing.stored)

    @property
    def live(self) -> int:
        """How many keys are live."""
        return sum(run.count for run in self._runs)

    @property
    def staged(self) -> int:
        """How many keys are staged."""
        return len(self._pending)

    def is_late(self, born: int) -> bool:
        """Whether a row that was put then may be a copy of one whose key has left the window."""
        return self._ageing.is_late(born)

    def admit(self, keys: Keys) -> Mask:
        """Say of each key whether it is new: neither seen before, nor here a second time."""
        new = firsts(keys)
        asked = np.flatnonzero(new)
        probe = Probe.of(keys[asked])
        for look_up in (self._pending.found, *(run.found for run in reversed(self._runs))):
            hit = np.flatnonzero(look_up(keys[asked], probe))
            if len(hit):
                new[asked[hit]] = False
                asked = np.delete(asked, hit)
                probe = Probe.of(keys[asked])
        return new

    def stage(self, keys: Keys, owner: int) -> None:
        """Note the keys of rows that were appended to the file `owner`."""
        self._pending.add(keys, owner)

    def seal(self, owners: Collection[int], hidden: str, copies: int = 0) -> None:
        """Write the keys of files that are to be published, by an intent that begins at `hidden`.

        `copies` rows are done with it that were left out. The run is on disk on return. After an
        OSError what is staged is to be abandoned.
        """
        keys = ordered(self._pending.take(owners))
        path = self._directory / run_name(hidden)
        now = self._ageing.now
        write(path, self._disk, len(keys), [keys], (now, now), copies=copies)
        self._sealed = Run(path, self._disk)

    def commit(self) -> None:
        """Make the sealed run live; the next cursor's memory names it."""
        assert self._sealed is not None
        self._runs.append(self._sealed)
        self._sealed = None

    def abandon(self) -> None:
        """Forget what is staged or sealed and not intended."""
        self._pending.clear()
        if self._sealed is not None:
            self._dead.append(self._sealed)
            self._sealed = None

    def tend(self, alive: Callable[[], None]) -> str:
        """Age runs out and join those that are many; before the cursor that is to remember it.

        Return what was in the way of joining them, "" if nothing was: look-ups only cost more then.
        """
        over = self._ageing.is_over
        old = [run for run in self._runs if not run.count or over(run.newest)]
        if old:
            self._runs = [run for run in self._runs if run not in old]
            self._dead += old
        few = worth_joining(self._runs, self._ageing.slot)
        if len(few) < 2:
            return ""
        try:
            self._join(few, alive)
        except (OSError, Unknown) as error:
            return str(error)
        return ""

    def remembered(self, stored: "Future[Any]") -> None:
        """Remove what the memory no longer names, once a cursor with it is stored."""
        if stored.done() and stored.exception() is None:
            dead, self._dead = self._dead, []
            for run in dead:
                run.close()
                self._disk.unlink(run.path)

    def close(self) -> None:
        """Close the runs' files."""
        for run in (*self._runs, *self._dead):
            run.close()

    def _join(self, runs: Sequence[Run], alive: Callable[[], None]) -> None:
        """Put one run in the place of several that are neighbours."""
        self._merges += 1
        path = self._directory / f"{self._start}-j{self._merges}{SUFFIX}"
        count = sum(run.count for run in runs)
        span = min(run.oldest for run in runs), max(run.newest for run in runs)

        def pieces() -> Iterator[Keys]:
            for piece in merged(runs):
                alive()
                yield piece

        write(path, self._disk, count, pieces(), span)
        joined = Run(path, self._disk)
        at = self._runs.index(runs[0])
        self._runs[at : at + len(runs)] = [joined]
        self._dead += runs

    def _opened(self, memory: Memory) -> list[Run]:
        runs: list[Run] = []
        try:
            for name in memory.runs:
                run = open_run(self._directory, name, self._disk)
                runs += [run] if run is not None else []
        except BaseException:
            for run in runs:
                run.close()
            raise
        return runs

    def _clear(self, memory: Memory) -> None:
        """Remove what a crash left: runs that nobody names, and words about runs that are gone."""
        for name in self._disk.names(self._directory):
            if name.removesuffix(LOST) not in memory.runs:
                self._disk.unlink(self._directory / name)


def worth_joining(runs: Sequence[Run], slot: int) -> Sequence[Run]:
    """Return neighbours that are to be one run, those of one part of the window only.

    The newest part's runs are kept like the digits of a number, each more than twice the next; an
    older part has one run. So a window has few, and a key is rewritten seldom.
    """
    parts = [list(group) for _, group in groupby(runs, lambda run: run.newest // slot)]
    for part in parts[:-1]:
        if len(part) > 1:
            return part
    newest = parts[-1] if parts else []
    start = len(newest) - 1
    total = newest[-1].count if newest else 0
    while start > 0 and newest[start - 1].count <= 2 * total:
        start -= 1
        total += newest[start].count
    return newest[start:]
