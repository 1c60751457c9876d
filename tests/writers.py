"""Ending the journals that a test leaves behind, as the end of their process would."""

import threading

from flumec.runtime.journal import Journal
from flumec.runtime.journal.writer import Writer


def end(journal: Journal) -> None:
    """Have the journal's thread end, without waiting for it."""
    _end(journal._writer)


def end_all() -> None:
    """Have the threads of all journals end."""
    for thread in threading.enumerate():
        writer = getattr(getattr(thread, "_target", None), "__self__", None)
        if isinstance(writer, Writer):
            _end(writer)


def _end(writer: Writer) -> None:
    with writer._lock:
        writer._closing = True
        writer._queued.notify_all()
