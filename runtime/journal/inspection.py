"""What a journal's directory holds, read without its lock and without a write.

It works beside a running agent, on a read-only mount, and over damage: what cannot be read is told
in `damage`, and everything else counts as if the journal had been opened.
"""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.codec import Decoder
from flumec.runtime.journal.cut import is_cut
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.entries import FrameEntry, Kind, OpenEntry, records
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.layout import (
    PAGE,
    SECTOR,
    NewerFormat,
    SegmentHeader,
    read_segment_header,
)
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.recovery import SEGMENT, whole_group
from flumec.runtime.journal.replay import apply, frames, opening_state
from flumec.runtime.journal.scan import Gap, Scan, Sound, header_of, looks_written
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import ChannelState, EpochRange, State
from flumec.runtime.journal.synced import synced_below
from flumec.runtime.journal.walk import GroupReader, segment_path

_TRIES = 20
"""How often a directory that changes under our eyes is looked at again."""


@dataclass(slots=True)
class Inspection:
    """The state as of the last whole group, and what was found beside it.

    `torn` is (file, byte) of a group that was cut short, which is no damage. `strays` are segments
    that the journal does not know: of one being made, or freed meanwhile.
    """

    directory: Path
    state: State
    headers: dict[int, SegmentHeader] = field(default_factory=dict)
    opened: OpenEntry | None = None
    damage: list[Damage] = field(default_factory=list)
    torn: tuple[Path, int] | None = None
    strays: list[Path] = field(default_factory=list)
    newest: int = 0
    keys: Keys = field(default_factory=Keys)
    """What opens encrypted bodies, as far as whoever looks has it."""

    def path(self, number: int) -> Path:
        """Return the path of a segment."""
        return segment_path(self.directory, number)

    def needs(self, entry: FrameEntry) -> bool:
        """Say whether a channel has still to do with rows of a frame."""
        channels = self.state.channels
        return any(
            n in channels and not channels[n].past(entry.first, entry.end) for n in entry.channels
        )


def inspect(directory: Path, disk: Disk, keys: Keys | None = None) -> Inspection:
    """Read what is in a journal's directory; raise StateError where there is no journal."""
    for _ in range(_TRIES):
        try:
            return _Inspector(directory, disk, keys or Keys()).run()
        except FileNotFoundError:
            if not segments(directory, disk):
                break
    raise StateError(f"{directory} holds no journal: it has no segments (`….seg`)")


def segments(directory: Path, disk: Disk) -> list[int]:
    """Return the numbers of the segments that lie in a directory; none if it does not exist."""
    try:
        return [int(name[:20]) for name in disk.names(directory) if SEGMENT.fullmatch(name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


class _Inspector:
    """One look at a directory; FileNotFoundError when a file went away meanwhile."""

    def __init__(self, directory: Path, disk: Disk, keys: Keys) -> None:
        self._disk = disk
        self._numbers = segments(directory, disk)
        self._files: dict[int, DiskFile] = {}
        self._found = Inspection(directory, State(b""), keys=keys)
        self._has_names = False
        self._followed = False

    def run(self) -> Inspection:
        try:
            self._read()
        finally:
            for file in self._files.values():
                file.close()
        return self._found

    def _read(self) -> None:
        found = self._found
        if not self._numbers:
            raise FileNotFoundError
        base = next((n for n in reversed(self._numbers) if self._opens(n)), None)
        younger = [n for n in self._numbers if base is None or n > base]
        if base is not None:
            younger.insert(0, base)
        known = [n for n in younger if n in found.headers]
        for number, following in zip(known, [*known[1:], None][: len(known)], strict=True):
            self._follow(number, found.headers[following] if following else None)
        self._unreadable(set(younger) - set(known))
        found.newest = max(known, default=0)
        self._require_segments()
        if found.damage and self._changed():
            raise FileNotFoundError
        found.strays = [found.path(n) for n in self._numbers if n not in found.state.segments]

    def _opens(self, number: int) -> bool:
        """Say whether a segment begins with a valid snapshot; remember its header."""
        path = self._found.path(number)
        file = self._files[number] = self._disk.open(path)
        try:
            header = header_of(file)
        except NewerFormat as newer:
            raise StateError(
                f"{path} was written by a newer flumec, in format {newer.needs}: use the tool of "
                "that version"
            ) from None
        if header is None:
            return False
        if header.number not in (0, number):
            what = f"it is a copy of segment {header.number}"
            self._add(number, 0, file.stat().st_size, (0, 0), what)
            return False
        if self._is_foreign(number, header):
            what = "it is of another journal than the one before it"
            self._add(number, 0, file.stat().st_size, (0, 0), what)
            return False
        self._found.headers[number] = header
        opening = whole_group(GroupReader(file, header.epoch), PAGE, file.stat().st_size)
        state = None if opening is None else opening_state(opening[1])
        if state is not None:
            self._found.state, self._has_names = state, True
        return state is not None

    def _is_foreign(self, number: int, header: SegmentHeader) -> bool:
        """Say whether the segment before it belongs to another journal."""
        older = [known for known in self._numbers if known < number]
        if not older:
            return False
        file = self._disk.open(self._found.path(older[-1]))
        try:
            before = read_segment_header(file)
        finally:
            file.close()
        return before is not None and before.journal != header.journal

    def _follow(self, number: int, following: SegmentHeader | None) -> None:
        """Take in a segment's groups, each once it is known that it was synced, or is whole."""
        state, header, file = self._found.state, self._found.headers[number], self._files[number]
        if not state.journal:
            state.journal = header.journal
        self._begin_epoch(header)
        segment = SegmentState(number, header.epoch, header.first_row, PAGE)
        scan = Scan(file, header, followed=bool(following and following.epoch == header.epoch))
        doubtful: deque[Sound] = deque()
        for found in scan:
            if isinstance(found, Gap):
                self._gap(number, found)
                continue
            doubtful.append(found)
            while doubtful[0].header.number < synced_below((found.header, found.head)):
                self._apply(segment, doubtful.popleft())
        if not doubtful:
            return self._unopened(number, file, following)
        state.segments[number] = segment
        for group in doubtful:
            if following is None and not self._is_whole(number, group):
                self._found.torn = (self._found.path(number), group.offset)
                return None
            self._apply(segment, group)
        return self._end(number, scan, file, doubtful[-1], following)

    def _end(
        self, number: int, scan: Scan, file: DiskFile, last: Sound, following: SegmentHeader | None
    ) -> None:
        """Tell what stands behind the last group of a segment."""
        goes_on = (
            following is not None
            and scan.offset != self._found.headers[number].end  # what was left out was dead
            and following.epoch == self._found.headers[number].epoch
            and following.first_group > last.header.number + 1
        )
        if following is not None and goes_on:
            rows = (self._found.state.next_row, following.first_row)
            self._add(number, scan.offset, file.stat().st_size, rows, "groups are not valid")
        epoch, row = self._found.headers[number].epoch, self._found.state.next_row
        self._followed = not self._found.state.closed and is_cut(file, scan.offset, epoch)
        if following is None and self._followed:
            path = self._found.path(number + 1)
            what = "the file does not exist, or the one before it was cut"
            gone = Damage(number + 1, path, 0, 0, row, row, what, unbounded=True)
            self._found.damage.append(gone)
        elif following is None and any(file.read(SECTOR, scan.offset)):
            self._found.torn = (self._found.path(number), scan.offset)

    def _unopened(self, number: int, file: DiskFile, following: SegmentHeader | None) -> None:
        """Tell of a segment without a valid group: it was being made, unless others came after."""
        first, path = self._found.headers[number].first_row, self._found.path(number)
        size, what = file.stat().st_size, "the opening group is not valid"
        if following is not None:
            self._add(number, PAGE, size, (first, following.first_row), "no group is valid")
        elif self._followed:
            gone = Damage(number, path, PAGE, size, first, first, what, unbounded=True)
            self._found.damage.append(gone)

    def _is_whole(self, number: int, group: Sound) -> bool:
        file = self._files[number]
        reader = GroupReader(file, self._found.headers[number].epoch)
        return whole_group(reader, group.offset, file.stat().st_size) is not None

    def _apply(self, segment: SegmentState, group: Sound) -> None:
        """Change the state as the group says; a snapshot that was read already changes nothing."""
        state = self._found.state
        for entry in frames(group.head):
            for number in entry.channels:
                if number not in state.channels:
                    state.channels[number] = _unnamed(number, entry.first)
            if group.offset == PAGE:
                segment.add(entry)
        for kind, data in records(group.head):
            if kind is Kind.OPEN:
                self._found.opened = OpenEntry.decode(data)
            elif group.offset != PAGE:
                self._replay(segment, kind, data)
        state.next_row = max(state.next_row, group.header.end_row)
        segment.end = group.offset + group.header.length

    def _replay(self, segment: SegmentState, kind: Kind, data: Decoder) -> None:
        """Apply a record. Without a snapshot, what is of sources and consumers has no owner."""
        try:
            apply(self._found.state, segment, kind, data)
        except KeyError:
            if self._has_names:
                raise

    def _begin_epoch(self, header: SegmentHeader) -> None:
        """Note a segment's epoch, unless the snapshot knew it."""
        epochs = self._found.state.epochs
        if header.epoch not in {known.epoch for known in epochs}:
            if epochs:
                epochs[-1].end = header.first_row
            epochs.append(EpochRange(header.epoch, header.first_row, None))

    def _gap(self, number: int, gap: Gap) -> None:
        self._found.damage.append(Damage.of(number, self._found.path(number), gap))
        self._found.state.next_row = max(self._found.state.next_row, gap.end)

    def _unreadable(self, numbers: set[int]) -> None:
        """Tell of segments without a header: made in vain, unless they hold bytes."""
        known = {damage.segment for damage in self._found.damage}
        for number in sorted(numbers - known):
            file = self._files[number]
            if looks_written(file):
                rows = (self._found.state.next_row, self._found.state.next_row)
                what = "neither its header nor its opening group is valid"
                self._add(number, 0, file.stat().st_size, rows, what)

    def _require_segments(self) -> None:
        state, found = self._found.state, self._found
        for segment in list(state.segments.values()):
            if segment.number in self._numbers:
                continue
            if state.is_live(segment):
                rows = (segment.first_row, max(segment.channels.values()))
                self._add(segment.number, 0, 0, rows, "the file does not exist")
            else:
                del state.segments[segment.number]
        found.damage.sort(key=lambda damage: (damage.segment, damage.start))

    def _changed(self) -> bool:
        """Say whether segments came or went since we began: a running agent works on them."""
        return segments(self._found.directory, self._disk) != self._numbers

    def _add(self, number: int, start: int, stop: int, rows: tuple[int, int], what: str) -> None:
        path = self._found.path(number)
        damage = Damage(number, path, start, stop, rows[0], max(rows), what)
        self._found.damage.append(damage)


def _unnamed(number: int, row: int) -> ChannelState:
    """Return a channel of which only frames are left: the snapshot with its name is gone."""
    return ChannelState(number, bytes(16), f"unnamed-{number}", True, row, row, declared=False)
