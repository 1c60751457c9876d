"""What a sink does before its first row: take over, settle what was under way, clear the rest."""

import posixpath
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flumec.runtime.context import SinkContext
from flumec.runtime.journal.records import Cursor, Intent
from flumec.runtime.messages.output import LeftoversStay
from flumec.runtime.output.holding import Claim
from flumec.runtime.output.keys import copies_of, forget
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.store import Store
from flumec.runtime.output.template import PathRule

if TYPE_CHECKING:
    from flumec.runtime.output.once import Once

Open = Callable[[str, str], Store]
"""Open the store of a directory, for the sink of a note."""


def remember(context: SinkContext, directory: str, template: PathRule) -> Note:
    """Return the sink's note as its last start left it; a new sink's is durable on return."""
    cursor = context.consumer.cursor
    note = Note.of(cursor)
    if note is not None:
        return note
    fresh = Note(uuid.uuid4().hex, directory, ((cursor.low, template),)).holding(
        directory, context.consumer.epoch.hex()
    )
    _store(context, fresh)
    return fresh


def settle(
    context: SinkContext,
    note: Note,
    directory: str,
    template: PathRule,
    open_store: Open,
    *,
    abandon: bool = False,
) -> tuple[Store, Note]:
    """Fence older starts, publish what was intended, remove what was not.

    Return the directory's store, and the note to go on with: it is durable before anything is
    intended by it, but for who holds the folders, which the next cursor may tell. A directory that
    was left, and in which nothing is intended, holds nothing up.
    May be called again after an OSError or Unknown: what is done stays done. With `abandon` what is
    still hidden is not published any more: it is removed, and its rows are not delivered.
    """
    consumer = context.consumer
    note = Note.of(consumer.cursor) or note
    stores, hidden = _taken_over(context, note, directory, open_store)
    note = Note.of(consumer.cursor) or note
    for intent in list(consumer.intents):
        note = _resolve(context, intent, note, stores, hidden, abandon=abandon)
    for store in stores.values():
        store.remove([path for owner, path in hidden.values() if owner is store])
    moved = note.moved(directory, template, consumer.cursor)
    if moved != note:
        _store(context, moved)
    for place in stores:
        moved = moved.holding(place, consumer.epoch.hex())
    return stores[directory], moved


def _taken_over(
    context: SinkContext, note: Note, directory: str, open_store: Open
) -> tuple[dict[str, Store], dict[str, tuple[Store, str]]]:
    """Take over where the sink writes, wrote, and intended to; return what is hidden, by name."""
    hidden: dict[str, tuple[Store, str]] = {}
    stores: dict[str, Store] = {}
    intended: dict[str, list[str]] = {}
    for output in (each for intent in context.consumer.intents for each in intent.outputs):
        intended.setdefault(_directory(output.hidden), []).append(output.final)
    for place in sorted({*intended, note.directory, directory}):
        store = open_store(place, note.sink)
        try:
            claim = _claim(context, note, place, intended.get(place, ()))
            found = store.take_over(claim, witness=place in intended)
        except OSError as error:
            if place in intended or place == directory:
                raise
            context.log.warning(LeftoversStay(place=place, reason=error))
            continue
        stores[place] = store
        hidden.update({name: (store, path) for name, path in found.items()})
    return stores, hidden


def _claim(context: SinkContext, note: Note, place: str, finals: Sequence[str]) -> Claim:
    """Return what the state knows of a directory's folder.

    A start that it knows of another directory counts as well: no two have one name, and a directory
    that was moved, or has another name or url by now, has the folder as it was left elsewhere.
    """
    consumer = context.consumer
    epoch = consumer.epoch.hex()

    def announce(seen: str | None) -> None:
        now = Note.of(consumer.cursor) or note
        then = now.announcing(place, epoch, seen)
        if then != now:
            _store(context, then)

    known = (Note.of(consumer.cursor) or note).known(place, witness=bool(finals))
    return Claim(known, consumer.intended, announce, finals)


def _resolve(
    context: SinkContext,
    intent: Intent,
    note: Note,
    stores: dict[str, Store],
    hidden: dict[str, tuple[Store, str]],
    *,
    abandon: bool,
) -> Note:
    """Publish what of an intent is still hidden; what is not, is published already.

    Return the note with the keys of what is published: its run was durable before the intent.
    """
    published = []
    for output in intent.outputs:
        name = posixpath.basename(output.hidden)
        if name not in hidden:
            stores[_directory(output.hidden)].confirm([output.final])
        elif abandon or intent.number in context.consumer.repeated:
            continue
        else:
            store, path = hidden.pop(name)
            store.publish([(path, output.final)])
        published.append(output)
    if not published:
        context.consumer.resolve(intent, None).result()
        return note
    ledger = Ledger(context.consumer.cursor)
    ledger.deliver(((output.bucket, output.end) for output in published), ledger.low)
    rows = sum(output.rows for output in published)
    copies = 0
    if note.memory is not None:
        first = intent.outputs[0].hidden
        copies = copies_of(context, note.sink, first)
        note = replace(note, memory=note.memory.resolved(first))
    cursor = replace(ledger.cursor(note.stored, rows), dropped=copies)
    context.consumer.resolve(intent, cursor).result()
    context.log.info("settled %d files of an earlier start", len(published))
    return note


def begin_keys(context: SinkContext, note: Note, once: "Once | None") -> Note:
    """Open the keys that were seen, or forget them where copies are not left out any more."""
    if once is not None:
        return once.begin(note, lambda fresh: _store(context, fresh), context.consumer.epoch.hex())
    if note.memory is None:
        return note
    fresh = replace(note, memory=None)
    _store(context, fresh)
    forget(context, note.sink)
    return fresh


def _directory(hidden: str) -> str:
    """Return the directory of `<directory>/.flumec/<sink>/<epoch>/<name>`."""
    for _ in range(4):
        hidden = posixpath.dirname(hidden)
    return hidden


def _store(context: SinkContext, note: Note) -> None:
    cursor = context.consumer.cursor
    context.consumer.advance(Cursor(cursor.low, cursor.ahead, note=note.stored)).result()
