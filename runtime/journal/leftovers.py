"""An orderly end of channels that spill: what is in memory goes to the disk, if that has room.

The rows keep their numbers. Rows that were stored before may be newer, so the groups written here
are noted as late: a reader finds their frames apart, and compares them with those of the log.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from flumec.runtime import logs
from flumec.runtime.checksum import crc32
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.appender import Appender
from flumec.runtime.journal.entries import CursorEntry, FrameEntry
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import body_bound
from flumec.runtime.journal.live import LiveChannel, Shared
from flumec.runtime.journal.log import GROUP_BYTES, DiskFull
from flumec.runtime.journal.ops import RECORD_BOUND
from flumec.runtime.journal.packing import sealed
from flumec.runtime.journal.prepare import Preparer
from flumec.runtime.journal.records import Chunk, Cursor, Frame
from flumec.runtime.journal.spill import Late, Passed, forget_memory, spill_record, totals
from flumec.runtime.journal.state import ChannelState, ConsumerState
from flumec.runtime.journal.waiting import Spilled
from flumec.runtime.messages.agent import SpillLost

Stored = tuple[FrameEntry, memoryview]


@frozen
class Leftovers:
    """Stores what channels have in memory; called in the writer's thread, after all else."""

    shared: Shared
    preparer: Preparer
    channels: Mapping[str, LiveChannel]

    def store(self, appender: Appender) -> None:
        """Write what has room; count the rest as dropped, as far as it was not delivered."""
        for live in self.channels.values():
            if isinstance(live.memory, Spilled) and live.state.spill is not None:
                with suppress(DiskFull):
                    for frames in self._groups(live, live.memory):
                        self._append(appender, live.state, frames)
                self._forget(appender, live.state)

    def _groups(self, live: LiveChannel, memory: Spilled) -> Iterator[list[Stored]]:
        """Yield the frames in memory, in their order, as many as the channel's size lets in."""
        group: list[Stored] = []
        size, held = 0, live.state.held_bytes
        for chunk in memory.all():
            if chunk.end <= live.state.low:
                continue
            entry, body = self._packed(chunk, live.state)
            held += len(body)
            if held > live.state.size:
                break
            if group and size + len(body) > GROUP_BYTES:
                yield group
                group, size = [], 0
            group.append((entry, body))
            size += len(body)
        if group:
            yield group

    def _packed(self, chunk: Chunk, channel: ChannelState) -> Stored:
        packed = self.preparer.packed(Frame((channel.name,), chunk.rows, chunk.body, crc=chunk.crc))
        body, crc, form = packed.body, packed.crc, packed.form
        if (key := self.shared.keys.current) is not None:
            body = memoryview(key.seal(body, chunk.epoch, chunk.first))
            crc, form = crc32(body), sealed(form)
        entry = FrameEntry(
            (channel.number,), chunk.first, chunk.rows, len(body), crc, chunk.born, packed.schema,
            chunk.tags, copied=True, form=form, size=chunk.body.size if form else 0,
        )  # fmt: skip
        return entry, body

    def _append(self, appender: Appender, channel: ChannelState, frames: list[Stored]) -> None:
        """Write a group of frames; raise DiskFull before anything is changed."""
        bounds = (body_bound(len(b)) + RECORD_BOUND + 32 * len(e.tags or ()) for e, b in frames)
        cursor = self._cursor(channel)
        segment, offset = appender.make_room(sum(bounds) + 2 * RECORD_BOUND + sum(map(len, cursor)))
        spill, group = channel.spill, Group()
        assert spill is not None
        group.parts += cursor
        for entry, body in frames:
            group.add_frame(entry, body)
            rows = entry.end - max(entry.first, channel.low)
            plain = entry.size or entry.length
            spill.leave(Passed(0, rows, plain))
            spill.stored += rows
            channel.held_bytes += len(body)
            segment.add(entry)
        late = Late(segment.number, offset, frames[-1][0].end)
        spill.late += (late,)
        group.add(spill_record(channel, late))
        appender.append(group, frames[0][0].first)

    def _forget(self, appender: Appender, channel: ChannelState) -> None:
        """Count what could not be kept, and have the log say so if it has room for the record."""
        assert channel.spill is not None
        if rest := channel.spill.kept:
            lost = forget_memory(channel, self._consumer(channel))
            logs.of(channel.name).warning(SpillLost(events=rest, counted=lost))
        if channel.spill.noted != totals(channel):
            group = Group()
            group.parts += self._cursor(channel)
            group.add(spill_record(channel))
            with suppress(DiskFull):
                appender.make_room(group.bound)
                appender.append(group, self.shared.state.next_row)

    def _consumer(self, channel: ChannelState) -> ConsumerState | None:
        known = self.shared.state.consumers.values()
        return next((each for each in known if each.channel == channel.number), None)

    def _cursor(self, channel: ChannelState) -> list[bytes]:
        """Return the record of the consumer's cursor, which the log may not have as it is."""
        if (consumer := self._consumer(channel)) is None:
            return []
        cursor = consumer.cursor
        known = Cursor(cursor.low, dict(cursor.ahead), note=cursor.note)
        return [CursorEntry(consumer.number, known, 0).encode()]
