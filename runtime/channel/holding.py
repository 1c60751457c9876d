"""What holds a channel's rows: its consumer, and in it the file or partition of the lowest row."""

from threading import Lock

from flumec.runtime.batch import decode
from flumec.runtime.disk import Disk
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.live import load
from flumec.runtime.journal.records import Chunk, Cursor
from flumec.runtime.journal.state import ChannelState, ConsumerState
from flumec.runtime.journal.walk import Walk
from flumec.runtime.output.buckets import Buckets
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import Template, TemplateError


def consumer_of(inspection: Inspection, channel: ChannelState) -> ConsumerState | None:
    """Return what is known of a channel's reader, present or last."""
    known = inspection.state.consumers.values()
    return next((each for each in known if each.channel == channel.number), None)


def lowest(inspection: Inspection, channel: ChannelState, disk: Disk) -> Chunk | None:
    """Return the frame of the first row that is not done; None if there is none, or not sound."""
    if not channel.held:
        return None
    walk = Walk(
        disk, inspection.directory, inspection.state, Lock(), channel.number, channel.low
    )  # fmt: skip
    try:
        located = walk.next()
        if located is None:
            return None
        return load(located, inspection.state.epoch_of(located.entry.first))
    except (JournalDamaged, OSError):
        return None
    finally:
        walk.close()


def bucket_of(cursor: Cursor, chunk: Chunk, row: int) -> str | None:
    """Return the path that a sink of files gives a row, None where its cursor has no template."""
    try:
        note = Note.of(cursor)
        if note is None:
            return None
        rule = next(rule for rule, _, _ in note.spans(row, row + 1))
        batch = decode(chunk.body).slice(row - chunk.first + chunk.skip, 1)
        runs = Buckets(Template.parse(*rule)).split(batch, chunk.born, batch).runs
        return f"{note.directory}/{runs[0][0]}".rstrip("/") if runs else None
    except (ValueError, KeyError, StopIteration, TemplateError):
        return None  # another kind of consumer, whose note has another form
