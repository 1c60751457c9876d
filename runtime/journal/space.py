"""Giving disk space back: dead segments are deleted, dead bodies of live ones punched out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from flumec.runtime.disk import Disk
from flumec.runtime.journal.layout import PAGE, PUNCHABLE
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.state import ChannelState, SegmentState, State
from flumec.runtime.journal.walk import GroupReader, segment_path

_NEVER = 1 << 64


class Space:
    """Frees what every channel is past, durably; only after the sync that made it so.

    Bodies are punched in sealed segments only, once for each channel that leaves one: so recovery
    never meets a hole in the newest, and a busy channel doesn't cost a walk for each cursor.
    """

    def __init__(self, directory: Path, disk: Disk, state: State, lock: Lock) -> None:
        self._directory = directory
        self._disk = disk
        self._state = state
        self._lock = lock
        self._passed: dict[int, frozenset[int]] = {}
        self._leaves_at: dict[int, int] = {}
        """For each channel the cursor at which it leaves the next sealed segment."""
        self._drops_at: dict[int, int] = {}
        """For each channel the row at which what it drops reaches the end of the next one."""
        self._can_punch = True

    def is_due(self, lows: Sequence[tuple[int, int]], gaps: Sequence[int]) -> bool:
        """Say whether one of the channels, by (number, cursor) or as rows of it were dropped, has
        left a sealed segment."""  # noqa: D209
        channels = self._state.channels
        return any(low >= self._leaves_at.get(number, low + 1) for number, low in lows) or any(
            channels[number].gaps[-1][1] >= self._drops_at.get(number, _NEVER) for number in gaps
        )

    def free(self, newest: int) -> None:
        """Delete and punch; `newest` is the segment that is appended to."""
        with self._lock:
            sealed = [s for number, s in self._state.segments.items() if number != newest]
            dead = [segment for segment in sealed if not self._state.is_live(segment)]
            for segment in dead:
                del self._state.segments[segment.number]
            live = [segment for segment in sealed if segment.number in self._state.segments]
            leaving = [(segment, self._past(segment)) for segment in live]
            self._leaves_at = self._next_ends(live, lambda channel: channel.low)
            self._drops_at = self._next_ends(
                live, lambda channel: channel.gaps[-1][1] if channel.gaps else channel.low
            )
        for segment in dead:
            self._passed.pop(segment.number, None)
            self._disk.unlink(segment_path(self._directory, segment.number))
        for segment, passed in leaving:
            if passed and self._passed.get(segment.number) != passed and self._can_punch:
                self._punch(segment, passed)
                self._passed[segment.number] = passed

    def _next_ends(
        self, live: Sequence[SegmentState], done: Callable[[ChannelState], int]
    ) -> dict[int, int]:
        """Return each channel's end in the first segment with rows above those that are done."""
        ends: dict[int, int] = {}
        for segment in live:
            for number, end in segment.channels.items():
                channel = self._state.channels.get(number)
                if channel is not None and end > done(channel):
                    ends.setdefault(number, end)
        return ends

    def _past(self, segment: SegmentState) -> frozenset[int]:
        """Return the channels that are past all their rows in the segment."""
        channels = self._state.channels
        return frozenset(
            number
            for number, end in segment.channels.items()
            if number not in channels or channels[number].past(segment.first_row, end)
        )

    def _punch(self, segment: SegmentState, passed: frozenset[int]) -> None:
        path = segment_path(self._directory, segment.number)
        file = self._disk.open(path, "write")
        try:
            reader, offset = GroupReader(file, segment.epoch), PAGE
            while offset < segment.end:
                found = reader.group(offset, segment.end)
                if found is None:
                    return  # a reader says so with the rows; freeing is no reason to stop
                for entry in frames(found[1]):
                    if entry.length >= PUNCHABLE and passed.issuperset(entry.channels):
                        whole = entry.length - entry.length % PAGE
                        if not file.punch(offset + entry.offset, whole):
                            self._can_punch = False
                            return
                offset += found[0].length
        finally:
            file.close()
