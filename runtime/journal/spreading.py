"""A channel that several hosts read, each for itself: what is put into it goes to each one's own.

Either all get all, and a row lies on the disk once however many there are; or each row goes to the
one that its header's value chooses. It is chosen at the put, so it is in the log before anything is
sent, and no outage changes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flumec.runtime.journal.records import Frame, Put, TagRun
from flumec.runtime.journal.specs import ChannelSpec
from flumec.runtime.share import Share

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.batch import Column

_FIRST, _SECOND = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
"""The finalizer of MurmurHash3: every bit of the sum of a value and a host counts."""


class Spreading:
    """The channels of an opening that stand for several: their names, and what these hold of it."""

    def __init__(self, specs: Sequence[ChannelSpec]) -> None:
        self._shares: dict[str, dict[str, Share]] = {}
        for spec in specs:
            if spec.share is not None:
                self._shares.setdefault(spec.share.of, {})[spec.name] = spec.share

    def spread(self, put: Put) -> Put:
        """Return a put with each frame in the channels that hold it."""
        if not any(name in self._shares for frame in put.frames for name in frame.channels):
            return put
        frames = tuple(piece for frame in put.frames for piece in self._pieces(frame))
        optional = {own for name in put.optional for own in self._shares.get(name, (name,))}
        return replace(put, frames=frames, optional=frozenset(optional))

    def _pieces(self, frame: Frame) -> Iterator[Frame]:
        """Yield a frame for those that take all of it, and its parts for those that choose."""
        whole: list[str] = []
        for name in frame.channels:
            shares = self._shares.get(name)
            if shares is None:
                whole.append(name)
            elif next(iter(shares.values())).key is None:
                whole += shares
            else:
                yield from _chosen(frame, shares)
        if whole:
            yield replace(frame, channels=tuple(whole))


def choose(values: "Column", peers: Sequence[tuple[str, int]]) -> "Column":
    """Return for each value the number of its peer, of (host, weight): rendezvous hashing.

    A peer that is added or taken out moves only what it gets or had. Null is a value like others.
    """
    import pyarrow as pa
    from flumec.runtime.batch import compute as pc
    from flumec.runtime.digest import digests

    unique = pc.unique(values)
    digest = pa.Array.from_buffers(
        pa.binary(16), len(unique), [None, pa.py_buffer(digests([unique]))]
    )
    named = pc.binary_slice(digest, 0, 8).view(pa.uint64())
    best, chosen = None, pa.array([0] * len(unique), pa.int32())
    for number, (host, weight) in enumerate(peers):
        score = _score(named, host, weight)
        if best is None:
            best = score
            continue
        higher = pc.greater(score, best)
        best = pc.if_else(higher, score, best)
        chosen = pc.if_else(higher, pa.scalar(number, pa.int32()), chosen)
    return chosen.take(pc.index_in(values, value_set=unique))


def _score(named: "Column", host: str, weight: int) -> "Column":
    """Return how much each value wants a host: -weight / ln(h), h in (0, 1)."""
    import pyarrow as pa
    from flumec.runtime.batch import compute as pc
    from flumec.runtime.digest import digests

    seed = int.from_bytes(digests([pa.array([host], pa.utf8())])[:8], "little")
    mixed = pc.bit_wise_xor(named, pa.scalar(seed, pa.uint64()))
    for factor in (_FIRST, _SECOND):
        mixed = pc.bit_wise_xor(mixed, pc.shift_right(mixed, pa.scalar(33, pa.uint64())))
        mixed = pc.multiply(mixed, pa.scalar(factor, pa.uint64()))
    mixed = pc.bit_wise_xor(mixed, pc.shift_right(mixed, pa.scalar(33, pa.uint64())))
    whole = pc.shift_right(mixed, pa.scalar(11, pa.uint64())).cast(pa.float64())
    middle = pc.add(whole, pa.scalar(0.5, pa.float64()))
    share = pc.divide(middle, pa.scalar(float(1 << 53), pa.float64()))
    return pc.divide(pa.scalar(-float(weight), pa.float64()), pc.ln(share))


def _chosen(frame: Frame, shares: Mapping[str, Share]) -> Iterator[Frame]:
    """Yield what each peer gets of a frame; one that goes to one peer whole stays as it is."""
    import pyarrow as pa
    from flumec.runtime.batch import compute as pc
    from flumec.runtime.batch import decode, encode, header

    batch = decode(frame.body)
    key = next(iter(shares.values())).key
    assert key is not None
    peers = [(share.host, share.weight) for share in shares.values()]
    numbers = choose(header(batch, key), peers)
    for number, name in enumerate(shares):
        mine = pc.equal(numbers, pa.scalar(number, numbers.type))
        rows = pc.sum(mine).as_py()
        if rows == batch.num_rows:
            yield replace(frame, channels=(name,))
        elif rows:
            tags = None if frame.tags is None else tuple(_picked(frame.tags, mine))
            yield replace(
                frame, channels=(name,), rows=rows, body=encode(batch.filter(mine)), tags=tags,
                crc=None,
            )  # fmt: skip


def _picked(tags: Sequence[TagRun], mine: "pa.BooleanArray") -> Iterator[TagRun]:
    """Yield the tags of some of a frame's rows, in as few runs as these make."""
    from flumec.runtime.batch import compute as pc

    at = 0
    for run in tags:
        rows = pc.indices_nonzero(mine.slice(at, run.count)).to_pylist()
        first = 0
        for place in range(1, len(rows) + 1):
            if place == len(rows) or rows[place] != rows[place - 1] + 1:
                yield TagRun(run.epoch, run.row + rows[first], place - first)
                first = place
        at += run.count
