"""Events keep their tags through a chain that filters and divides, whatever is left of them."""

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY
from flumec.runtime.batch import compute as pc
from flumec.runtime.journal.records import TagRun
from flumec.runtime.named import ROW, Unnamed, numbered, unnumbered
from hypothesis import given, settings
from hypothesis import strategies as st

E, F = b"e" * 16, b"f" * 16
RUNS = st.lists(
    st.builds(TagRun, st.sampled_from([E, F]), st.integers(0, 50), st.integers(1, 9)), min_size=1
)


def batch(rows: int) -> pa.RecordBatch:
    bodies = pa.array([b"%d" % row for row in range(rows)], pa.binary())
    return pa.record_batch({BODY: bodies})


def names(tags: tuple[TagRun, ...] | list[TagRun]) -> list[tuple[bytes, int]]:
    return [(run.epoch, run.row + at) for run in tags for at in range(run.count)]


@settings(max_examples=40)
@given(tags=RUNS, data=st.data())
def test_each_event_that_is_left_has_the_tag_that_it_came_with(
    tags: list[TagRun], data: st.DataObject
) -> None:
    given_names = names(tags)
    rows = len(given_names)
    mask = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows).filter(any))

    left, kept = unnumbered(numbered(batch(rows)).filter(pa.array(mask)), tags)

    places = [int(body) for body in left.column(BODY).to_pylist()]
    assert places == [place for place, stays in enumerate(mask) if stays]
    assert names(kept) == [given_names[place] for place in places]
    assert left.schema.names == [BODY]


def test_what_nothing_was_taken_from_has_no_more_runs_than_before() -> None:
    tags = (TagRun(E, 7, 60_000), TagRun(F, 1, 40_000))

    assert unnumbered(numbered(batch(100_000)), tags)[1] == tags


def test_a_step_that_makes_batches_anew_is_told_off() -> None:
    with pytest.raises(Unnamed, match="makes batches anew"):
        unnumbered(batch(3), (TagRun(E, 0, 3),))


@pytest.mark.parametrize("places", [[0, 0], [1, 0], [0, 2, 1]], ids=str)
def test_a_step_that_doubles_or_turns_rows_is_told_off(places: list[int]) -> None:
    turned = numbered(batch(3)).take(pa.array(places))

    assert pc.equal(turned.column(ROW), pa.array(places, pa.int32())).false_count == 0
    with pytest.raises(Unnamed, match="several rows of one"):
        unnumbered(turned, (TagRun(E, 0, 3),))
