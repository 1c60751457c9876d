"""What holds a channel's rows: its consumer, and in it the file or partition of the lowest row."""

from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from flumec.runtime.batch import decode
from flumec.runtime.channel.frames import Frames
from flumec.runtime.disk import Disk
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.inspection import Inspection
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


def consumer_of(inspection: Inspection, channel: ChannelState) -> ConsumerState | None:
    """Return what is known of a channel's reader, present or last."""
    known = inspection.state.consumers.values()
    return next((each for each in known if each.channel == channel.number), None)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a sink of files puts a row: a name below its directory."""

    directory: str
    name: str

    def __str__(self) -> str:
        return f"{self.directory}/{self.name}".rstrip("/")


def bucket_of(cursor: Cursor, chunk: Chunk, row: int) -> Bucket | None:
    """Return where a sink of files puts a row, None where its cursor has no template."""
    try:
        note = Note.of(cursor)
        if note is None:
            return None
        rule = next(rule for rule, _, _ in note.spans(row, row + 1))
        batch = decode(chunk.body).slice(row - chunk.first + chunk.skip, 1)
        runs = Buckets(Template.parse(*rule)).split(batch, chunk.born, batch).runs
        return Bucket(note.directory, runs[0][0]) if runs else None
    except (ValueError, KeyError, StopIteration, TemplateError):
        return None  # another kind of consumer, whose note has another form


def done_ahead(inspection: Inspection, channel: ChannelState, disk: Disk) -> int:
    """Count the rows at or above a channel's low that its consumer has done, and can be read."""
    consumer, low = consumer_of(inspection, channel), channel.low
    cursor = consumer.cursor if consumer else Cursor(low)
    gone = consumer.aside if consumer else ()
    top = max([*cursor.ahead.values(), *(end for _, end in gone)], default=low)
    done = 0
    for chunk in Frames(inspection, disk, channel.number, low, top):
        if isinstance(chunk, Damage) or channel.past(chunk.first, chunk.end):
            continue
        kept = without(chunk.first, chunk.end, gone)
        done += chunk.rows - sum(end - first for first, end in kept)
        for first, end in kept if cursor.ahead else ():
            done += _marked(cursor, chunk, first, end)
    return done


def _marked(cursor: Cursor, chunk: Chunk, first: int, end: int) -> int:
    """Count the rows from `first` up to `end` that are below their buckets' marks."""
    note = Note.of(cursor)
    if note is None:
        return 0
    batch, done = decode(chunk.body), 0
    for rule, start, stop in note.spans(first, end):
        rows = batch.slice(chunk.skip + start - chunk.first, stop - start)
        split = Buckets(Template.parse(*rule)).split(rows, chunk.born, rows)
        for bucket, begin, finish in split.runs:
            mark = cursor.ahead.get(bucket, 0) - start
            done += sum(1 for place in split.places[begin:finish] if place < mark)
    return done
