"""A sink with many open files, killed at any step: low and marks ahead lose and double nothing."""

import random

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.journal.records import Cursor, Frame, Put

from .conftest import PATIENCE, Rig

ROWS, BUCKETS = 40, 3


def live(rig: Rig, chance: random.Random) -> list[int]:
    """Deliver all rows, killed now and then; return the rows in the order they became visible."""
    buckets = [chance.randrange(BUCKETS) for _ in range(ROWS)]
    rig.open()
    puts = 0
    while puts < ROWS:
        rows = min(chance.randint(1, 7), ROWS - puts)
        rig.journal.submit(Put((Frame(("a",), rows, pa.py_buffer(b"x")),))).result(PATIENCE)
        puts += rows
    visible: list[int] = []
    waiting: list[int] = []
    files: dict[str, list[int]] = {}
    position = 0
    while True:
        if chance.random() < 0.01:
            rig.killed()
            rig.open()
            waiting, files, position = [], {}, rig.consumer().cursor.low
        consumer = rig.consumer()
        if chance.random() < 0.7 and position < ROWS:
            if not waiting:
                chunk = consumer.read(0, max_bytes=1)[0]
                waiting = list(range(chunk.first, chunk.end))
            row = waiting.pop(0)
            position, bucket = row + 1, str(buckets[row])
            if row >= consumer.cursor.ahead.get(bucket, 0):
                files.setdefault(bucket, []).append(row)
        elif files:
            bucket = chance.choice(sorted(files))
            rows = files.pop(bucket)
            visible += rows
            low = min((held[0] for held in files.values()), default=position)
            ahead = {**consumer.cursor.ahead, bucket: position}
            cursor = Cursor(max(low, consumer.cursor.low), ahead, delivered=len(rows))
            consumer.advance(cursor).result(PATIENCE)
        elif position == ROWS:
            return visible


@pytest.mark.parametrize("seed", thorough.spread(range(25), 5))
def test_every_row_becomes_visible_once(rig: Rig, seed: int) -> None:
    visible = live(rig, random.Random(seed))
    assert sorted(visible) == list(range(ROWS))
    assert rig.balance() == (ROWS, ROWS, 0, 0)


@pytest.mark.slow
def test_every_row_becomes_visible_once_in_many_lives() -> None:
    for seed in thorough.first(range(25, 1500)):
        rig = Rig()
        visible = live(rig, random.Random(seed))
        assert sorted(visible) == list(range(ROWS)), seed
        assert rig.balance() == (ROWS, ROWS, 0, 0), seed
        rig.journal.close()
