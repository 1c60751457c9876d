"""Patterns that are equal but for needless groups are found in the same texts, by Arrow's RE2."""

from collections import defaultdict

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from flumec.runtime.pattern import fault, named_groups
from flumec.runtime.pattern_plain import plain
from test_found_groups import BODIES, PATTERNS

WRAPPED = (
    "{}",
    "({})",
    "(?:{})",
    "({})b",
    "{}b",
    "a{}",
    "a(?P<x>{})",
    "(?i){}",
    "((?i){})B",
    "(?i:{})B",
)


def test_equal_ones_are_found_in_the_same_texts() -> None:
    bodies, alike = pa.array(BODIES), defaultdict[object, set[str]](set)
    for pattern in (one.format(part) for part in PATTERNS[::3] for one in WRAPPED):
        if fault(pattern) is None:
            alike[plain(pattern)].add(pattern)
    for patterns in alike.values():
        found = {
            tuple(pc.match_substring_regex(bodies, named_groups(one)).to_pylist())
            for one in patterns
        }
        assert len(found) == 1, patterns
    assert sum(len(patterns) > 1 for patterns in alike.values()) > 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a(b|c)", "ab|c"), ("(ab)+", "ab+"), ("a{(2)}", "a{2}"), ("((?i)a)b", "(?i)ab"),
        ("(?i:a)b", "ab"), (r"\(a\)", "a"), ("[(]a", "(a)"),
    ],
)  # fmt: skip
def test_a_group_that_says_something_stays(one: str, other: str) -> None:
    assert plain(one) != plain(other)
