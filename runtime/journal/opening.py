"""Opening a journal: lock, recover, mint an epoch, make it durable; only then serve."""

import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from flumec.runtime.checksum import crc32
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.entries import FrameEntry, OpenEntry
from flumec.runtime.journal.errors import JournalLocked, StateError
from flumec.runtime.journal.layout import PAGE, NewerFormat, SegmentHeader, read_segment_header
from flumec.runtime.journal.log import DiskFull, Log
from flumec.runtime.journal.packing import is_sealed, sealed, unsealed
from flumec.runtime.journal.recovery import SEGMENT, Recovered, recover
from flumec.runtime.journal.register import begin_epoch, register
from flumec.runtime.journal.resync import resync
from flumec.runtime.journal.rewriting import REWRITING
from flumec.runtime.journal.specs import ChannelSpec, ConsumerSpec, Identity, Settings
from flumec.runtime.journal.spill import Late
from flumec.runtime.journal.state import State
from flumec.runtime.journal.stored import count_stored, free_apart
from flumec.runtime.journal.walk import segment_path
from flumec.runtime.journal_format import FORMAT, PLAIN

LOCK = "lock"
_PID_LENGTH = 20


@dataclass(slots=True)
class Opened:
    """A journal that is ready: its state, its newest segment, its channels' numbers, its lock."""

    state: State
    log: Log
    numbers: dict[str, int]
    lock: DiskFile


@frozen
class Opening:
    """What `Journal.open` was given."""

    directory: Path
    disk: Disk
    clock: Clock
    identity: Identity
    channels: Sequence[ChannelSpec]
    sources: Sequence[str]
    consumers: Sequence[ConsumerSpec]
    segment_size: int
    recovery: Callable[[Path, Disk, bytes], Recovered] | None = None
    """How what the directory holds is read, where that is not `recover`: over damage."""
    settings: Settings = field(default_factory=Settings)

    def run(self) -> Opened:
        """Open; raise JournalLocked, JournalDamaged or StateError."""
        self.disk.make_directory(self.directory)
        # One that exists may be unsynced still: who made it may have been killed before it could.
        self.disk.sync_directory(self.directory.parent)
        lock = self._lock()
        try:
            headers = self._require_keys()
            read = self.recovery or recover
            recovered = read(self.directory, self.disk, uuid.uuid4().bytes)
            state = recovered.state
            for number in headers.keys() & state.segments.keys():
                state.segments[number].end = headers[number].end or state.segments[number].end
            spilled = {n for n, channel in state.channels.items() if channel.spill is not None}
            numbers = register(state, self.channels, self.sources, self.consumers)
            count_stored(self.directory, self.disk, recovered, spilled)
            free_apart(self.directory, self.disk, recovered)
            for entry, _ in recovered.copied:
                for number in state.channels.keys() & set(entry.channels):
                    channel = state.channels[number]
                    channel.end = max(channel.end, entry.end)
            log = self._begin(recovered, {n for n, h in headers.items() if h.format > PLAIN})
        except BaseException:
            lock.close()
            raise
        return Opened(state, log, numbers, lock)

    def _lock(self) -> DiskFile:
        file = self.disk.open(self.directory / LOCK, "write")
        if not file.lock():
            holder = file.read(_PID_LENGTH, 0).decode(errors="replace").strip() or "unknown"
            file.close()
            raise JournalLocked(
                f"{self.directory} is in use by process {holder}: stop that agent first "
                f"(`ps {holder}` shows it)"
            )
        with suppress(OSError):  # the lock is what counts; a full disk must not keep it from us
            file.write([f"{os.getpid():<{_PID_LENGTH}}".encode()], 0)
        return file

    def _require_keys(self) -> dict[int, SegmentHeader]:
        """Raise StateError unless every segment can be read: nothing is touched before.

        Return the headers of those that have one.
        """
        headers = {}
        for name in self.disk.names(self.directory):
            if not SEGMENT.fullmatch(name):
                continue
            file = self.disk.open(self.directory / name)
            try:
                header = read_segment_header(file)
            except NewerFormat:
                continue  # recovery says so
            finally:
                file.close()
            if header is not None and not self.settings.keys.knows(header.key):
                raise StateError(
                    f"{self.directory / name} is encrypted with the key {header.key:08x}, which is "
                    f"not given: name its secret in the journal's `encryption`, or in `previous` "
                    "until what it encrypted is delivered"
                )
            if header is not None:
                headers[header.number] = header
        return headers

    def _begin(self, recovered: Recovered, newer: set[int]) -> Log:
        """Copy what may not have been synced into a new segment, and free what holds nothing."""
        state, identity = recovered.state, self.identity
        epoch = uuid.uuid4().bytes
        begin_epoch(state, epoch)
        older = list(state.segments.values())
        opened = OpenEntry(
            epoch, state.next_row, identity.host, identity.agent, identity.version,
            identity.bundle, identity.machine,
        )  # fmt: skip
        log = Log(
            self.directory, self.disk, self.clock, state, opened, self.segment_size,
            FORMAT if self._is_new(recovered, newer) else PLAIN, self.settings.keys.number,
        )  # fmt: skip
        # First, as on a full disk its room may be all that there is; the youngest first, so that at
        # no moment a number is missing between the newest segment and one that was not opened.
        for path in reversed(recovered.garbage):
            self.disk.unlink(path)
        if REWRITING in self.disk.names(self.directory):
            self.disk.unlink(self.directory / REWRITING)
        try:
            self._roll(log, recovered)
            state.segments[log.segment.number] = log.segment
        except DiskFull:
            raise StateError(
                f"{self.directory}: the disk has no room for a journal segment; give it room, and "
                "start again: nothing that was acknowledged is lost"
            ) from None
        if older:
            self._cut(older[-1].number, older[-1].end)
        log.keep_reserves()
        return log

    def _is_new(self, recovered: Recovered, newer: set[int]) -> bool:
        """Say whether the journal holds, or is sure to hold, what the last runtime can't read."""
        state = recovered.state
        return (
            bool(state.holes)
            or any(entry.form for entry, _ in recovered.copied)
            or any(s.number in newer and state.is_live(s) for s in state.segments.values())
            or any(consumer.aside for consumer in state.consumers.values())
            or bool(state.groups)
            or not self.settings.plain
            or any(spec.when_full == "drop_oldest" for spec in self.channels)
            or any(channel.gaps or channel.spill for channel in state.channels.values())
        )

    def _roll(self, log: Log, recovered: Recovered) -> None:
        number = recovered.next_segment
        if recovered.copied:
            _copy_late(recovered, number)
        copied = [self._sealed(recovered, entry, body) for entry, body in recovered.copied]
        for small in (False, True):
            with suppress(DiskFull):
                log.roll(number, 0, copied, small=small)
                return
        self._free_dead(recovered.state)
        log.roll(number, 0, copied, small=True)

    def _sealed(
        self, recovered: Recovered, entry: FrameEntry, stored: memoryview
    ) -> tuple[FrameEntry, memoryview]:
        """Return a frame that is copied as the new segment's key has it."""
        keys, state = self.settings.keys, recovered.state
        if keys.number == recovered.key:
            return entry, stored
        epoch, form, body = state.epoch_of(entry.first), entry.form, stored
        if is_sealed(form):
            opened = keys.opened(recovered.key, epoch, entry.first)
            assert opened is not None
            body, form = memoryview(opened.open(pa.py_buffer(stored))), unsealed(form)
        size = entry.size if entry.form else entry.length
        if keys.current is not None:
            body, form = memoryview(keys.current.seal(body, epoch, entry.first)), sealed(form)
        for number in entry.channels:
            state.channels[number].held_bytes += len(body) - len(stored)
        changed = replace(entry, length=len(body), crc=crc32(body), form=form, size=size)
        return changed, body

    def _free_dead(self, state: State) -> None:
        """Delete the segments that hold no rows: the last process ended before it did that.

        What makes them dead may stand in the page cache only, and a sync that failed is forgotten
        there; so the newest segment is written again, the very same bytes, and synced before.
        """
        known = list(state.segments.values())
        dead = [segment for segment in known[:-1] if not state.is_live(segment)]
        if not dead:
            return
        resync(segment_path(self.directory, known[-1].number), self.disk)
        self.disk.sync_directory(self.directory)
        for segment in dead:
            self.disk.unlink(segment_path(self.directory, segment.number))
            del state.segments[segment.number]

    def _cut(self, number: int, end: int) -> None:
        """Give back what a segment had allocated and never used, or may not have synced."""
        file = self.disk.open(segment_path(self.directory, number), "write")
        file.truncate(end)
        file.close()


def _copy_late(recovered: Recovered, number: int) -> None:
    """Note where the last group lies from now on, if it was written late: it opens a segment."""
    state = recovered.state
    for channel in state.channels.values():
        if (spill := channel.spill) is not None and spill.late:
            *known, last = spill.late
            segment = state.segments.get(last.segment)
            if last.segment == number - 1 and segment and last.offset >= segment.end:
                spill.late = (*known, Late(number, PAGE, last.end))
