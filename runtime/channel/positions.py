"""A source's stored positions in words: which file and byte, which number, how many requests."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from flumec.runtime.channel.replayed import DONE, SOURCE, rows_of
from flumec.runtime.channel.words import counted, moment
from flumec.runtime.http.remembered import SLOT, STORED
from flumec.runtime.journal.records import Progress
from flumec.runtime.tail.identity import Identity
from flumec.runtime.tail.position import Position
from flumec.runtime.tail.recovery import MARK

_NUMBER = 8


def describe(progress: Iterable[Progress]) -> Iterator[dict[str, Any]]:
    """Yield what is known of each of a source's keys; a journal does not say of which type it is.

    Requests that a source of pushed events remembers are summed up.
    """
    requests = 0
    for each in progress:
        if each.key == MARK:
            continue
        if each.source == SOURCE:
            yield _replayed(each)
            continue
        if each.identity and (found := _file(each)) is not None:
            yield found
        elif len(each.key) == SLOT and len(each.to) == STORED:
            requests += 1
        elif len(each.to) == _NUMBER:
            number = int.from_bytes(each.to, "little")
            yield {"what": _text(each.key), "position": number, "in_words": f"at {number:,}"}
        else:
            yield {"what": _text(each.key), "position": each.to.hex(), "in_words": each.to.hex()}
    if requests:
        words = f"{counted(requests, 'request id')} remembered"
        yield {"what": "requests", "position": requests, "in_words": words}


def _file(progress: Progress) -> dict[str, Any] | None:
    try:
        identity = Identity.decode(progress.identity)
        position = Position.decode(progress.to)
    except (msgspec.MsgspecError, ValueError, TypeError):
        return None
    words = f"byte {position.offset:,} of {max(identity.size, position.offset):,}"
    if position.inside:
        words += ", within a long line"
    return {
        "what": os.fsdecode(identity.path),
        "position": position.offset,
        "size": identity.size,
        "inode": identity.nature.inode,
        "seen": moment(identity.seen),
        "in_words": words,
    }


def _replayed(progress: Progress) -> dict[str, Any]:
    rows = rows_of(progress.to)
    whole = "replayed" if progress.to[:1] == DONE else "so far, not all"
    words = f"{counted(rows, 'row')} {whole}"
    return {"what": f"file {progress.key[:4].hex()}…", "position": rows, "in_words": words}


def _text(key: bytes) -> str:
    text = key.decode("utf-8", "replace")
    return text if text.isprintable() else key.hex()
