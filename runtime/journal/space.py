"""Giving disk space back: dead segments are deleted, live ones lose what is dead in them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from flumec.runtime.disk import Disk
from flumec.runtime.journal.rewriter import Rewriter
from flumec.runtime.journal.rewriting import pays
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.walk import segment_path

_NEVER = 1 << 64


class Space:
    """Frees what every channel is past, durably; only after the sync that made it so.

    Sealed segments only, as channels leave them: so recovery meets the newest as it was written,
    and a busy channel costs nothing for each cursor.
    """

    def __init__(self, directory: Path, disk: Disk, state: State, lock: Lock) -> None:
        self._directory = directory
        self._disk = disk
        self._state = state
        self._lock = lock
        self._rewriter = Rewriter(directory, disk, state, lock)
        self._leaves_at: dict[int, int] = {}
        """For each channel the cursor at which it leaves the next sealed segment."""
        self._drops_at: dict[int, int] = {}
        """For each channel the row at which what it drops reaches the end of the next one."""

    def is_due(self, lows: Sequence[tuple[int, int]], gaps: Sequence[int]) -> bool:
        """Say whether one of the channels, by (number, cursor) or as rows of it were dropped, has
        left a sealed segment."""  # noqa: D209
        channels = self._state.channels
        return any(low >= self._leaves_at.get(number, low + 1) for number, low in lows) or any(
            channels[number].gaps[-1][1] >= self._drops_at.get(number, _NEVER)
            for number in gaps
            if channels[number].gaps  # a cursor of the same group may have passed them
        )

    def free(self, newest: int) -> None:
        """Delete, and have rewritten; `newest` is the segment that is appended to."""
        with self._lock:
            sealed = [s for number, s in self._state.segments.items() if number != newest]
            dead = [segment for segment in sealed if not self._state.is_live(segment)]
            for segment in dead:
                del self._state.segments[segment.number]
            live = [segment for segment in sealed if segment.number in self._state.segments]
            leaving = {s.number: kept for s in live if (kept := self._left_by_some(s)) is not None}
            self._leaves_at = self._next_ends(live, lambda channel: channel.low)
            self._drops_at = self._next_ends(
                live, lambda channel: channel.gaps[-1][1] if channel.gaps else channel.low
            )
        for segment in dead:
            with suppress(FileNotFoundError):  # the rewriter has seen that it is dead, too
                self._disk.unlink(segment_path(self._directory, segment.number))
        self._rewriter.offer(leaving)

    def settle(self) -> None:
        """Wait until nothing more is being freed."""
        self._rewriter.settle()

    def close(self) -> None:
        """Leave the rest to the next opening."""
        self._rewriter.close()

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

    def _left_by_some(self, segment: SegmentState) -> frozenset[int] | None:
        """Return the channels that need the segment, if without the others it were much smaller.

        One in which somebody gave up damage, or with what an orderly end of a channel that spills
        wrote, stays as it is: those bytes are known by their places.
        """
        channels = self._state.channels
        kept = frozenset(
            number
            for number, end in segment.channels.items()
            if number in channels and not channels[number].past(segment.first_row, end)
        )
        places = {late.segment for c in channels.values() if c.spill for late in c.spill.late}
        places |= self._state.holes.keys()
        worth = pays(segment.alive(kept), segment.end) and segment.number not in places
        return kept if worth and kept != segment.channels.keys() else None
