"""Each event once: what a sink that publishes files does about copies, and about rows too late.

A copy is a row whose key was seen, in a file that is published or in one that is staged, or before
in its own batch. It is left out, and counted when the cursor is past it. A late row's key may have
left the window: it is set aside before anything of its chunk is staged.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from flumec.runtime.context import Context
from flumec.runtime.dedup.ageing import Ageing
from flumec.runtime.dedup.keys import Keys, Mask
from flumec.runtime.dedup.memory import Memory
from flumec.runtime.dedup.naming import Naming
from flumec.runtime.dedup.seen import MOST_STAGED, Seen
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Chunk, Output
from flumec.runtime.output.buckets import Split
from flumec.runtime.output.copies import Copies
from flumec.runtime.output.keys import directory
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.opened import Opened

Rows = npt.NDArray[np.uint64]

Part = tuple[int, Split]
"""Rows of a chunk under one template, by bucket, and the row that they begin with."""

SetAside = Callable[[Chunk, Sequence[int]], bool]
"""Be rid of late rows; False if the agent stops before that was possible."""


class Once:
    """The copies that one sink leaves out, in one start of its agent."""

    def __init__(
        self, key: str | Sequence[str], window: float, context: Context, set_aside: SetAside
    ) -> None:
        self._naming = Naming(key)
        self._window = window
        self._context = context
        self._set_aside = set_aside
        self._copies = Copies()
        self._seen: Seen

    def begin(self, note: Note, store: Callable[[Note], None], start: str) -> Note:
        """Open what the note remembers; return the note to go on with, which is durable then."""
        memory = note.memory
        if memory is None or memory.key != self._naming.text:
            memory = Memory(self._naming.text)
            note = replace(note, memory=memory)
            store(note)
        ageing = Ageing(self._context.clock, self._window, memory.age)
        place = directory(self._context, note.sink)
        self._seen = Seen(place, self._context.disk, ageing, memory, start=start)
        self._context.log.info("%s", _known(self._seen.live))
        return note

    @property
    def memory(self) -> Memory:
        """What the next cursor remembers."""
        return self._seen.memory

    @property
    def crowded(self) -> bool:
        """Whether so many keys are staged that a file must be rolled for their sake."""
        return self._seen.staged > MOST_STAGED

    def judge(
        self, chunk: Chunk, batch: pa.RecordBatch, splits: Sequence[Part], ledger: Ledger
    ) -> list[Part] | None:
        """Return the rows of a chunk's parts that are to be written, with their keys.

        None where late rows were set aside: the rest of the chunk is to be read again. What is
        delivered already stays in, for the caller to pass over.
        """
        keys, keyed = self._naming.keys(batch, chunk)
        open_rows = _open(chunk, splits, ledger)
        asked = np.flatnonzero(open_rows & keyed)
        new = np.zeros(chunk.rows, np.bool_)
        new[asked] = self._seen.admit(keys[asked])
        if self._seen.is_late(chunk.born) and new.any():
            self._be_rid_of(chunk, np.flatnonzero(new))
            return None
        copies = open_rows & keyed & ~new
        without = int((open_rows & ~keyed).sum())
        if without:
            self._context.counters.add("without_key", without)
        verdict = _Verdict(chunk.first, keys, keyed & new, copies)
        return [(first, self._part(split, first, verdict)) for first, split in splits]

    def _be_rid_of(self, chunk: Chunk, places: npt.NDArray[np.intp]) -> None:
        if self._set_aside(chunk, [chunk.first + place for place in places.tolist()]):
            self._context.counters.add("late", len(places))

    def _part(self, split: Split, first: int, verdict: "_Verdict") -> Split:
        """Return a part without its copies, which are noted by bucket."""
        places = _numbers(split.places)
        at = places + np.uint64(first - verdict.first)
        out = verdict.copies[at]
        if not out.any():
            return replace(split, keys=verdict.staged(at))
        for bucket, begin, end in split.runs:
            gone = places[begin:end][out[begin:end]]
            if len(gone):
                self._copies.add(bucket, gone + np.uint64(first))
        self._context.counters.add("duplicates", int(out.sum()))
        kept = np.flatnonzero(~out)
        ends = np.searchsorted(kept, [end for _, _, end in split.runs]).tolist()
        begins = np.searchsorted(kept, [begin for _, begin, _ in split.runs]).tolist()
        names = [bucket for bucket, _, _ in split.runs]
        runs = [run for run in zip(names, begins, ends, strict=True) if run[1] < run[2]]
        payload = split.payload.take(pa.array(kept, pa.int64()))
        return Split(payload, places[kept].data, runs, verdict.staged(at[kept]))

    def stage(self, staged: "Staged", start: int, stop: int, file: Opened) -> None:
        """Note the keys of rows that were appended to a file."""
        self._seen.stage(staged.between(start, stop), file.number)

    def seal(self, files: Sequence[Opened], outputs: Sequence[Output]) -> None:
        """Write the keys of files that are to be published; raise OSError."""
        done = self._copies.below({output.bucket: output.end for output in outputs})
        self._seen.seal([file.number for file in files], outputs[0].hidden, done)

    def commit(self) -> None:
        """Have the keys of what is published live from the next cursor on."""
        self._seen.commit()
        trouble = self._seen.tend(self._context.alive)
        if trouble:
            self._context.log.info("runs of keys stay apart, so look-ups cost more: %s", trouble)

    def passed(self, ledger: Ledger) -> int:
        """Return how many copies a cursor is the first to be past."""
        return self._copies.take(ledger)

    def remembered(self, stored: "Future[Any] | None") -> None:
        """Remove the runs that the newest cursor no longer needs, if it is stored."""
        if stored is not None:
            self._seen.remembered(stored)

    def abandon(self) -> None:
        """Forget what is staged: its rows are read again."""
        self._seen.abandon()
        self._copies.clear()

    def report(self) -> None:
        """Show how many keys there are, and how probable it is that two events ever share one."""
        live, staged = self._seen.live, self._seen.staged
        self._context.counters.set("dedup_keys", live)
        self._context.counters.set("dedup_staged_keys", staged)
        self._context.counters.set("dedup_false_hit_probability", false_hit(live + staged))

    def close(self) -> None:
        """Close the runs."""
        self._seen.close()


@frozen
class _Verdict:
    """What was found of a chunk's rows, from `first` on."""

    first: int
    keys: Keys
    keyed: Mask
    copies: Mask

    def staged(self, places: Rows) -> "Staged":
        """Return the keys of some rows."""
        return Staged(self.keys[places], self.keyed[places])


def false_hit(keys: int) -> float:
    """Return the probability that any two of so many keys are equal by chance.

    >>> f"{false_hit(10_000_000):.1e}"
    '1.5e-25'
    """
    return keys**2 / 2.0**129


def _known(keys: int) -> str:
    """Return what the start says of the keys that it found."""
    if not keys:
        return "no keys are known yet"
    return (
        f"{keys} keys are known; that two events share one by chance has a probability of "
        f"{false_hit(keys):.1e}"
    )


class Staged:
    """The keys of a split's rows, in its order; of rows that have one."""

    def __init__(self, keys: Keys, keyed: Mask) -> None:
        self._keys = keys
        self._keyed = None if keyed.all() else keyed

    def between(self, start: int, stop: int) -> Keys:
        """Return the keys of the rows from `start` up to `stop`."""
        keys = self._keys[start:stop]
        return keys if self._keyed is None else keys[self._keyed[start:stop]]


def _numbers(places: "range | memoryview") -> Rows:
    if isinstance(places, range):
        return np.arange(places.start, places.stop, dtype=np.uint64)
    return np.asarray(places, np.uint64)


def _open(chunk: Chunk, splits: Sequence[tuple[int, Split]], ledger: Ledger) -> Mask:
    """Say of each row of a chunk whether it is not delivered."""
    rows: Mask = np.ones(chunk.rows, np.bool_)
    for first, split in splits:
        for bucket, begin, end in split.runs:
            mark = ledger.mark(bucket) - first
            if mark > 0:
                places = _numbers(split.places)[begin:end]
                done = places[places < np.uint64(mark)]
                rows[done + np.uint64(first - chunk.first)] = False
    return rows
