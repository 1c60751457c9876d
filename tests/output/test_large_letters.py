"""Dead letters that are larger than one put of the journal: in parts, and none is stuck."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.batch import decode, encode, header
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.journal import LARGEST_PUT
from flumec.runtime.journal.records import Frame, Put, Stored
from flumec.runtime.letters import REASON, Letters

from .conftest import SinkPlace

pytestmark = pytest.mark.slow

WHY = "no room"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Yield a journal with a channel and one for its dead letters."""
    opened = Journal.open(
        tmp_path / "journal",
        disk=RealDisk(),
        clock=SystemClock(),
        identity=Identity("core-1", "collector", "1", "bundle"),
        channels=[ChannelSpec(name, 1 << 30, durable=True) for name in ("spool", "late")],
        sources=[],
        consumers=[ConsumerSpec("files", "spool"), ConsumerSpec("post", "late")],
    )
    yield opened
    opened.close()


def frame(*sizes: int) -> Frame:
    bodies = [bytes([at]) * size for at, size in enumerate(sizes)]
    return Frame(
        ("spool",), len(bodies), encode(pa.record_batch({"body": pa.array(bodies, pa.binary())}))
    )


@pytest.mark.parametrize(
    ("rows", "puts", "said"),
    [(4, [2, 2], [WHY] * 4), (1, [1], [None])],
    ids=["of several rows", "of one row"],
)
def test_letters_that_their_headers_make_larger_than_a_put_go_all_the_same(
    journal: Journal, tmp_path: Path, rows: int, puts: list[int], said: list[str | None]
) -> None:
    spare = LARGEST_PUT - frame(*[0] * rows).body.size
    largest = frame(*[spare // rows - 64] * rows)
    assert LARGEST_PUT - 512 < largest.body.size <= LARGEST_PUT
    assert isinstance(journal.submit(Put((largest,))).result(60), Stored)
    consumer = journal.consumer("files")
    place = SinkPlace(consumer, RealDisk(), tmp_path)
    place.until = lambda: False
    (chunk,) = consumer.read(1, 2 * LARGEST_PUT)
    letters = Letters(journal, consumer, "late", place)  # type: ignore[arg-type]
    assert letters.send(chunk, range(chunk.first, chunk.end), WHY)
    found = [chunk for _ in puts for chunk in journal.consumer("post").read(1, 1)]
    batches = [decode(chunk.body).slice(chunk.skip, chunk.rows) for chunk in found]
    assert [batch.num_rows for batch in batches] == puts
    assert [value for batch in batches for value in header(batch, REASON).to_pylist()] == said
    firsts = [body[:1] for batch in batches for body in batch.column("body").to_pylist()]
    assert firsts == [bytes([row]) for row in range(rows)]
    stats = journal.stats()["spool"]
    assert (stats.dead_lettered, stats.held, place.failures) == (rows, 0, [""] * len(puts))
    assert place.counters.counts["letters_without_reason"] == said.count(None)
