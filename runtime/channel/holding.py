"""What holds a channel's rows: its consumer, and in it the file or partition of the lowest row."""

from contextlib import suppress
from threading import Lock

from flumec.runtime.batch import decode
from flumec.runtime.channel.frames import Frames
from flumec.runtime.channel.members import gone, number, readers
from flumec.runtime.disk import Disk
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.lanes import Lease
from flumec.runtime.journal.late import find_late
from flumec.runtime.journal.live import load
from flumec.runtime.journal.packing import Locked
from flumec.runtime.journal.ranges import without
from flumec.runtime.journal.records import Chunk, Cursor
from flumec.runtime.journal.state import ChannelState, ConsumerState
from flumec.runtime.journal.walk import Located, Walk
from flumec.runtime.output.buckets import Buckets
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import Template, TemplateError


@frozen
class Lowest:
    """The frame of the first row that is not done; `chunk` is None without its journal's key."""

    born: int
    chunk: Chunk | None


def lowest(inspection: Inspection, channel: ChannelState, disk: Disk) -> Lowest | None:
    """Return a channel's lowest frame; None if there is none, or not sound."""
    if not channel.held:
        return None
    walk = Walk(
        disk, inspection.directory, inspection.state, Lock(), channel.number, channel.low
    )  # fmt: skip
    late: list[Located] = []
    try:
        late += find_late(inspection.directory, disk, inspection.state, channel)
        located = walk.next()
        found = [*late, *([located] if located is not None else [])]
        if not found:
            return None
        located = min(found, key=lambda each: each.entry.first)
        entry, chunk = located.entry, None
        with suppress(Locked):
            chunk = load(located, inspection.state.epoch_of(entry.first), inspection.keys)
    except (JournalDamaged, OSError):
        return None
    else:
        return Lowest(entry.born, chunk)
    finally:
        walk.close()
        for each in late:
            each.file.close()


@frozen
class Bucket:
    """Where a sink of files puts a row: a name below its directory."""

    directory: str
    name: str

    def __str__(self) -> str:
        return f"{self.directory}/{self.name}".rstrip("/")


def bucket_of(reader: ConsumerState, chunk: Chunk, row: int) -> Bucket | None:
    """Return where a sink of files puts a row, None where its cursor has no template."""
    try:
        note, known = Note.of(reader.cursor), number(reader, row)
        if note is None or known is None:
            return None
        rule = next(rule for rule, _, _ in note.spans(known, known + 1))
        batch = decode(chunk.body).slice(row - chunk.first + chunk.skip, 1)
        runs = Buckets(Template.parse(*rule)).split(batch, chunk.born, batch).runs
        return Bucket(note.directory, runs[0][0]) if runs else None
    except (ValueError, KeyError, StopIteration, TemplateError):
        return None  # another kind of consumer, whose note has another form


def done_ahead(inspection: Inspection, channel: ChannelState, disk: Disk) -> int:
    """Count the rows at or above a channel's low that its readers have done, and can be read."""
    state, low = inspection.state, channel.low
    known = readers(state, channel)
    needless = gone(state, channel)
    held = [(reader.cursor, lease) for reader in known for lease in _with(reader, low)]
    top = max([low, *(end for _, end in needless), *(lease.last for _, lease in held)])
    done = 0
    for chunk in Frames(inspection, disk, channel.number, low, top):
        if isinstance(chunk, Damage) or channel.past(chunk.first, chunk.end):
            continue
        kept = without(chunk.first, chunk.end, needless)
        done += chunk.rows - sum(end - first for first, end in kept)
        for first, end in kept:
            for cursor, lease in held:
                start, stop = max(first, lease.row), min(end, lease.last)
                if start < stop:
                    done += _marked(cursor, chunk, start, stop, lease.lane - lease.row)
    return done


def _with(reader: ConsumerState, low: int) -> list[Lease]:
    """Return what is with a reader of which it may have published some ahead."""
    if not reader.cursor.ahead:
        return []
    if reader.lane is not None:
        return reader.lane.leases
    return [Lease(low, low, max(reader.cursor.ahead.values()) - low)]


def _marked(cursor: Cursor, chunk: Chunk, first: int, end: int, shift: int) -> int:
    """Count the rows from `first` up to `end` that are below their buckets' marks.

    The reader knows them by numbers that are higher by `shift`.
    """
    note = Note.of(cursor)
    if note is None:
        return 0
    batch, done = decode(chunk.body), 0
    for rule, start, stop in note.spans(first + shift, end + shift):
        rows = batch.slice(chunk.skip + start - shift - chunk.first, stop - start)
        split = Buckets(Template.parse(*rule)).split(rows, chunk.born, rows)
        for bucket, begin, finish in split.runs:
            mark = cursor.ahead.get(bucket, 0) - start
            done += sum(1 for place in split.places[begin:finish] if place < mark)
    return done
