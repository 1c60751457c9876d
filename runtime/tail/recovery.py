"""What the journal remembers of a source's files, and what is said of those that are gone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flumec.runtime.journal.records import Progress
from flumec.runtime.messages.tail import RotatedAway
from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.identity import Identity
from flumec.runtime.tail.registry import Registry

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

MARK = b"begun"
"""The key of the record that the source has started before. A file's key has eight bytes."""

REMEMBERED = 30 * 24 * 3600 * 1_000_000_000
"""Nanoseconds for which a file that cannot be found is remembered: it may come back."""


def load(positions: Mapping[bytes, Progress], registry: Registry) -> dict[bytes, int]:
    """Make every remembered file a missing one; return when each was last seen."""
    seen: dict[bytes, int] = {}
    for key, progress in positions.items():
        if key != MARK:
            registry.missing[key] = Followed.recovered(progress)
            seen[key] = Identity.decode(progress.identity).seen
    return seen


def mark(source: str) -> Progress:
    """Return the record that the source has started."""
    return Progress(source, MARK, b"", b"\x01")


def start_for_good(context: "SourceContext", source: str) -> None:
    """Store that the source has started, before anything is followed: else the next start would be
    the first one again, and skip that.
    """
    context.put(None, [mark(source)], surely=True).result()


def give_up(
    source: str, seen: Mapping[bytes, int], registry: Registry, context: "SourceContext"
) -> Sequence[Progress]:
    """Tell of remembered files that were not found; return the records that forget the oldest.

    A file of which unread bytes were known is lost. What was written to it after it was last seen
    cannot be known.
    """
    forgotten: list[Progress] = []
    wall, log, counters = context.clock.now_ns(), context.log, context.counters
    for file in list(registry.missing.values()):
        if wall - seen.get(file.key, wall) > REMEMBERED:
            registry.forget(file)
            forgotten.append(file.end(source))
        elif file.unread:
            counters.add("files_lost")
            counters.add("bytes_lost", file.unread)
            log.error(RotatedAway(path=file.path, count=file.unread))
        else:
            log.info("%s is gone; all that was seen of it was read", file.path)
    return forgotten
