"""A fingerprint follows from the listed parts and nothing else, on every host, for ever."""

from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY, PREFIX, REST, constant, header, with_header
from flumec.runtime.component import Header
from flumec.runtime.interceptors import Fingerprint
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_hexdigest

CONTEXT: Any = None
SEQ = Header("seq")
ID = Header("event_id")


def events(*rows: tuple[str | None, bytes]) -> pa.RecordBatch:
    batch = pa.record_batch([pa.array([body for _, body in rows], pa.binary())], names=[BODY])
    return with_header(batch, "seq", pa.array([seq for seq, _ in rows], pa.utf8()))


def named(batch: pa.RecordBatch, *of: Any) -> list[str]:
    named_batch = Fingerprint(ID, of=of or (SEQ, "body")).open(CONTEXT)(batch)
    named_batch.validate(full=True)
    return header(named_batch, ID).to_pylist()


def expected(*parts: bytes | None) -> str:
    """Return what the documentation says, without Arrow."""
    framed = b"".join(
        b"\xff\xff\xff\xff" if part is None else len(part).to_bytes(4, "little") + part
        for part in parts
    )
    return xxh3_128_hexdigest(framed)


def test_it_is_the_same_for_ever() -> None:
    """These are stored in people's files: a change of any of them is a change of the format."""
    batch = events(("7", b"buy 100 ACME"), ("", b""), (None, b""), ("7", b"\x00\xff"))

    assert named(batch) == [
        "c6ed1cd13cd0502b6b0ecfb314625b08",
        "2c0a8a99dc147d5445c3b49d035665b2",
        "39cad3bf78430d657dd429810f6dace7",
        "57cce6bfe2f5f0a2959bfbe046b9856b",
    ]


PARTS = st.tuples(st.none() | st.text(max_size=300), st.binary(max_size=300))


@given(st.lists(PARTS, max_size=20))
def test_it_is_what_its_description_says(rows: list[tuple[str | None, bytes]]) -> None:
    assert named(events(*rows)) == [
        expected(seq if seq is None else seq.encode(), body) for seq, body in rows
    ]


@given(st.lists(PARTS, min_size=2, max_size=2, unique=True))
def test_other_parts_have_another_name(rows: list[tuple[str | None, bytes]]) -> None:
    first, second = named(events(*rows))

    assert first != second


def test_what_stands_in_one_part_is_not_taken_for_another() -> None:
    batch = events(("ab", b"c"), ("a", b"bc"), ("", b"abc"), (None, b"abc"))

    assert len(set(named(batch))) == 4
    assert len(set(named(batch, "body", SEQ))) == 4
    assert not set(named(batch)) & set(named(batch, "body", SEQ))


def test_how_a_header_is_stored_makes_no_difference() -> None:
    plain = events(("x", b"1"), ("x", b"2"))
    encoded = with_header(plain, "seq", constant("x", 2))
    pairs = pa.array([[("seq", "x")], [("seq", "x")]], pa.map_(pa.utf8(), pa.utf8()))
    mapped = plain.drop_columns([PREFIX + "seq"]).append_column(REST, pairs)

    assert named(plain) == named(encoded) == named(mapped)


def test_a_slice_is_named_as_the_whole_is() -> None:
    batch = events(*[(str(n), b"%d" % n) for n in range(100)])

    assert named(batch.slice(37, 21)) == named(batch)[37:58]


def test_a_header_that_nobody_sent_is_absent_for_all() -> None:
    batch = pa.record_batch([pa.array([b"a"], pa.binary())], names=[BODY])

    assert named(batch) == [expected(None, b"a")]


def test_it_cannot_be_made_from_itself() -> None:
    with pytest.raises(ValueError, match="names the header `event_id`, which gets the fingerprint"):
        Fingerprint(ID, of=(ID, "body"))


def test_a_header_called_body_is_not_the_body() -> None:
    batch = with_header(events(("1", b"content")), "body", pa.array(["header"]))

    assert named(batch, Header("body")) == [expected(b"header")]
    assert named(batch, "body") == [expected(b"content")]
    assert Fingerprint(Header("body")).of == ("body",)


@pytest.mark.parametrize(
    "given",
    [
        pa.array(["mine", None, "", "yours"], pa.utf8()),
        pa.array(["mine", None, "", "yours"], pa.utf8()).dictionary_encode(),
    ],
    ids=["plain", "encoded"],
)
def test_a_client_s_own_name_is_kept_where_that_is_wanted(given: pa.Array) -> None:
    batch = events(("1", b"a"), ("2", b"b"), ("3", b"c"), ("4", b"d"))
    stamped = Fingerprint(ID, of=(SEQ, "body"), preserve=True).open(CONTEXT)

    kept = header(stamped(with_header(batch, "event_id", given)), ID).to_pylist()
    assert kept == ["mine", expected(b"2", b"b"), expected(b"3", b"c"), "yours"]
    assert header(stamped(batch), ID).to_pylist() == named(batch)
    own = with_header(batch, "event_id", constant("x", 4))
    assert header(stamped(own), ID).to_pylist() == ["x"] * 4
