"""Interceptors change or filter whole batches, and say at declaration what they cannot do."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY, PREFIX, REST, constant, header, with_header
from flumec.runtime.component import Header
from flumec.runtime.interceptors import Host, RegexExtract, RegexFilter, Static, Timestamp
from flumec.runtime.pattern import fault, groups, named_groups
from flumec.runtime.testing import ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st

CLOCK = ManualClock(1_763_800_000_123_456_789)
CONTEXT: Any = SimpleNamespace(host="web-1.example.com", address="10.0.0.1", clock=CLOCK)
Step = Callable[[pa.RecordBatch], pa.RecordBatch]


def events(*bodies: bytes, **headers: list[str | None]) -> pa.RecordBatch:
    batch = pa.record_batch([pa.array(bodies, pa.binary())], names=[BODY])
    for name, values in headers.items():
        batch = with_header(batch, name, pa.array(values, pa.utf8()))
    return batch


def with_rest(batch: pa.RecordBatch, *rows: dict[str, str] | None) -> pa.RecordBatch:
    pairs = [list(row.items()) if row is not None else None for row in rows]
    return batch.append_column(REST, pa.array(pairs, pa.map_(pa.utf8(), pa.utf8())))


def values(batch: pa.RecordBatch, name: str) -> list[str | None]:
    return header(batch, name).to_pylist()


def test_timestamp_is_milliseconds() -> None:
    batch = Timestamp().open(CONTEXT)(events(b"a", b"b"))

    assert values(batch, "timestamp") == ["1763800000123"] * 2


def test_timestamp_keeps_what_is_there_if_it_is_to() -> None:
    batch = events(b"a", b"b", timestamp=["7", None])

    assert values(Timestamp(preserve=True).open(CONTEXT)(batch), "timestamp") == [
        "7",
        "1763800000123",
    ]
    assert values(Timestamp().open(CONTEXT)(batch), "timestamp") == ["1763800000123"] * 2


def test_a_header_that_is_kept_may_be_in_the_map() -> None:
    batch = with_rest(events(b"a", b"b", b"c"), {"env": "dev"}, {}, None)

    assert values(Static(Header("env"), "prod").open(CONTEXT)(batch), "env") == [
        "dev",
        "prod",
        "prod",
    ]


def test_host_is_the_name_or_the_address() -> None:
    assert values(Host().open(CONTEXT)(events(b"a")), "host") == ["web-1.example.com"]
    assert values(Host(use="address", header=Header("ip")).open(CONTEXT)(events(b"a")), "ip") == [
        "10.0.0.1"
    ]


def test_static_overwrites_only_if_it_is_to() -> None:
    batch = events(b"a", b"b", env=["dev", None])

    kept = Static(Header("env"), "prod").open(CONTEXT)(batch)
    set_ = Static(Header("env"), "prod", preserve=False).open(CONTEXT)(batch)
    assert values(kept, "env") == ["dev", "prod"]
    assert values(set_, "env") == ["prod", "prod"]


def test_a_constant_header_costs_a_byte_a_row() -> None:
    batch = Static(Header("env"), "prod").open(CONTEXT)(events(*[b""] * 100_000))

    assert batch.column(PREFIX + "env").nbytes < 110_000


def test_regex_filter_finds_anywhere() -> None:
    bodies = [b"an ERROR", b"fine", b"WARN", b"", b"\xffERROR"]

    keep = RegexFilter(r"ERROR|^WARN$").open(CONTEXT)(events(*bodies))
    drop = RegexFilter(r"ERROR|^WARN$", exclude=True).open(CONTEXT)(events(*bodies))
    assert keep.column(BODY).to_pylist() == [b"an ERROR", b"WARN", b"\xffERROR"]
    assert drop.column(BODY).to_pylist() == [b"fine", b""]


def test_a_filter_that_keeps_all_copies_nothing() -> None:
    batch = events(b"a", b"b")

    assert RegexFilter(r".").open(CONTEXT)(batch) is batch


def test_regex_filter_keeps_headers_that_are_constant() -> None:
    batch = with_header(events(b"a", b"b"), "host", constant("web", 2))

    kept = RegexFilter(r"b").open(CONTEXT)(batch)
    assert values(kept, "host") == ["web"]


def test_regex_extract_takes_the_first_place() -> None:
    step = RegexExtract(r"user=(\w+) id=(\d+)", into=(Header("user"), Header("id"))).open(CONTEXT)

    batch = step(events(b"user=ann id=1 user=bob id=2", b"no", b"user=cy id=33"))
    assert values(batch, "user") == ["ann", None, "cy"]
    assert values(batch, "id") == ["1", None, "33"]


def test_regex_extract_leaves_headers_where_nothing_was_found() -> None:
    step = RegexExtract(r"user=(\w*)", into=(Header("user"),)).open(CONTEXT)

    batch = step(events(b"user=ann", b"user=", b"-", user=["old", "old", "old"]))
    assert values(batch, "user") == ["ann", "old", "old"]


def test_regex_extract_where_nothing_matches_changes_nothing() -> None:
    batch = events(b"a", b"b")

    assert RegexExtract(r"(x)", into=(Header("x"),)).open(CONTEXT)(batch) is batch


def test_groups_that_take_no_part_are_absent() -> None:
    step = RegexExtract(r"(a)|(b)", into=(Header("a"), Header("b"))).open(CONTEXT)

    batch = step(events(b"a", b"b"))
    assert values(batch, "a") == ["a", None]
    assert values(batch, "b") == [None, "b"]


def test_fewer_headers_than_groups_and_all_ways_to_name_a_group() -> None:
    step = RegexExtract(r"(?P<n>\w)(?<m>\w)(?:\w)([()[])(x)", into=("n", "m", "s")).open(CONTEXT)

    batch = step(events(b"abc(x", b"abc[x"))
    assert values(batch, "n") == ["a", "a"]
    assert values(batch, "m") == ["b", "b"]
    assert values(batch, "s") == ["(", "["]


def test_characters_are_utf8_and_what_is_not_is_replaced() -> None:
    step = RegexExtract(r"<(.)>", into=(Header("c"),)).open(CONTEXT)

    assert values(step(events("<é>".encode(), b"<\xff>")), "c") == ["é", "\ufffd"]


@pytest.mark.parametrize("share", [0, 1, 2])
def test_looking_first_changes_nothing(share: int) -> None:
    step = RegexExtract(r"k=(\d+)", into=(Header("k"),)).open(CONTEXT)
    bodies = [b"k=%d" % n if n % 3 < share else b"-" for n in range(30)]

    wanted = [str(n) if n % 3 < share else None for n in range(30)]
    for _ in range(3):
        assert values(step(events(*bodies)), "k") == wanted


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(?=a)", "look-around"),
        (r"a(?!b)", "look-around"),
        (r"(?<=a)b", "look-around"),
        (r"(?<!a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"(?P<x>a)(?P=x)", "back-reference"),
        (r"a++", "possessive"),
        (r"(?>a)", "(?>"),
        (r"(?x)a", "flags"),
        (r"a{2000}", "repeats"),
        (r"((a{20}){20}){20}", "repeats"),
        (r"\pL{500}", "repeats"),
        (r"\p{Klingon}", "escape"),
        (r"[[:foo:]]", "[:foo:]"),
        (r"a\Z", r"\Z"),
        (r"(a", "unterminated"),
        (r"a)", "unbalanced"),
        (r"[a", "unterminated"),
        (r"*a", "nothing to repeat"),
    ],
)
def test_what_re2_does_not_take_is_refused_when_declared(pattern: str, reason: str) -> None:
    assert reason in (fault(pattern) or "")
    with pytest.raises(ValueError, match="RE2"):
        RegexFilter(pattern)
    with pytest.raises(ValueError, match="RE2"):
        RegexExtract(pattern, into=(Header("x"),))


@pytest.mark.parametrize(
    "pattern",
    [
        r"\pL+(\p{Lu})\P{Nd}", r"[[:alpha:](]+(x)", r"[:,;]", r"(?:a{10}){100}",
        r"(?i:a)B", r"(?s).*\z", r"\Qa(b\E(c)", r"[]a(]", r"[^]a(]", r"a{3,}?(b)", r"\(\)",
        r"(?:(a)|(b))*", r"\x{1F600}|\x41", r"(?i)user=(?P<u>\w+)",
        r"", r"(?U)a+(b)", r"{", r"a{,3}", r"\C(a)",
    ],
)  # fmt: skip
def test_what_is_taken_re2_takes_too(pattern: str) -> None:
    assert fault(pattern) is None
    text = pa.array(["some text"])
    assert pa.compute.match_substring_regex(text, pattern) is not None
    if groups(pattern):
        found = pa.compute.extract_regex(text, named_groups(pattern))
        assert found.type.num_fields == groups(pattern)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab()[]|*+?{}\\^$.,12dwpPQEZzk<>=!:#im-", max_size=12))
def test_no_pattern_surprises_at_run_time(pattern: str) -> None:
    if fault(pattern) is None:
        text = pa.array(["aab12"])
        pa.compute.match_substring_regex(text, pattern)
        if groups(pattern):
            found = pa.compute.extract_regex(text, named_groups(pattern))
            assert found.type.num_fields == groups(pattern)


def test_more_headers_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="names 2 headers, but the pattern has 1 group"):
        RegexExtract(r"(a)", into=(Header("a"), Header("b")))
    with pytest.raises(ValueError, match="`a` twice"):
        RegexExtract(r"(a)(b)", into=(Header("a"), Header("a")))
