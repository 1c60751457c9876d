"""What a sink does before its first row: take over, settle what was under way, clear the rest."""

import posixpath
import uuid
from collections.abc import Callable

from flumec.runtime.context import SinkContext
from flumec.runtime.journal.records import Cursor, Intent
from flumec.runtime.messages.output import LeftoversStay
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.store import Store
from flumec.runtime.output.template import PathRule

Open = Callable[[str, str], Store]
"""Open the store of a directory, for the sink of a note."""


def remember(context: SinkContext, directory: str, template: PathRule) -> Note:
    """Return the sink's note as its last start left it; a new sink's is durable on return."""
    cursor = context.consumer.cursor
    note = Note.of(cursor)
    if note is not None:
        return note
    fresh = Note(uuid.uuid4().hex, directory, ((cursor.low, template),))
    _store(context, fresh)
    return fresh


def settle(
    context: SinkContext, note: Note, directory: str, template: PathRule, open_store: Open
) -> tuple[Store, Note]:
    """Fence older starts, publish what was intended, remove what was not.

    Return the directory's store, and the note to go on with: it is durable before anything is
    intended by it. A directory that was left, and in which nothing is intended, holds nothing up.
    May be called again after an OSError or Unknown: what is done stays done.
    """
    consumer = context.consumer
    hidden: dict[str, tuple[Store, str]] = {}
    stores: dict[str, Store] = {}
    intended = {_directory(output.hidden) for i in consumer.intents for output in i.outputs}
    for place in sorted(intended | {note.directory, directory}):
        store = open_store(place, note.sink)
        try:
            found = store.take_over(witness=place in intended)
        except OSError as error:
            if place in intended or place == directory:
                raise
            context.log.warning(LeftoversStay(place=place, reason=error))
            continue
        stores[place] = store
        hidden.update({name: (stores[place], path) for name, path in found.items()})
    for intent in list(consumer.intents):
        _resolve(context, intent, note, stores, hidden)
    for store in stores.values():
        store.remove([path for owner, path in hidden.values() if owner is store])
    moved = note.moved(directory, template, consumer.cursor)
    if moved != note:
        _store(context, moved)
    return stores[directory], moved


def _resolve(
    context: SinkContext,
    intent: Intent,
    note: Note,
    stores: dict[str, Store],
    hidden: dict[str, tuple[Store, str]],
) -> None:
    """Publish what of an intent is still hidden; what is not, is published already."""
    for output in intent.outputs:
        name = posixpath.basename(output.hidden)
        if name in hidden:
            store, path = hidden.pop(name)
            store.publish([(path, output.final)])
        else:
            stores[_directory(output.hidden)].confirm([output.final])
    ledger = Ledger(context.consumer.cursor)
    ledger.deliver(((output.bucket, output.end) for output in intent.outputs), ledger.low)
    rows = sum(output.rows for output in intent.outputs)
    context.consumer.resolve(intent, ledger.cursor(note.stored, rows)).result()
    context.log.info("settled %d files of an earlier start", len(intent.outputs))


def _directory(hidden: str) -> str:
    """Return the directory of `<directory>/.flumec/<sink>/<epoch>/<name>`."""
    for _ in range(4):
        hidden = posixpath.dirname(hidden)
    return hidden


def _store(context: SinkContext, note: Note) -> None:
    cursor = context.consumer.cursor
    context.consumer.advance(Cursor(cursor.low, cursor.ahead, note=note.stored)).result()
