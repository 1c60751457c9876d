"""Which texts a group can hold: what is said of patterns is true of Arrow's RE2."""

from itertools import product

import pyarrow as pa
from flumec.runtime.batch import BODY, header
from flumec.runtime.match import extracting
from flumec.runtime.pattern import fault, groups
from flumec.runtime.pattern_values import listed_values

ONES = ("(a)", "(a|bb)", "(ab|)", r"(\(|b\|)", "(?:a|(b))", "(a*|b)", "[(]", "((b)|a)")
REPEATS = ("", "?", "{2}", "*")
PARTS = [f"{one}{repeat}" for one, repeat in product(ONES, REPEATS)]
PATTERNS = [
    pattern.format(one, two)
    for pattern in ("{}{}", "({}|{})", "(?i)(?:{}{})+", "{}|{}(?i:(A))")
    for one, two in product(PARTS, PARTS[::5])
    if fault(pattern.format(one, two)) is None
]
BODIES = ["".join(body) for length in range(5) for body in product("abB(|", repeat=length)]


def test_a_group_holds_none_but_the_texts_that_are_listed() -> None:
    batch = pa.record_batch([pa.array(body.encode() for body in BODIES)], names=[BODY])
    seen = 0
    for pattern in (one for one in PATTERNS if any(listed_values(one))):
        names = [str(number) for number in range(groups(pattern))]
        found = extracting(pattern, names)(batch)
        for name, texts in zip(names, listed_values(pattern), strict=True):
            if texts is not None:
                seen += 1
                assert set(header(found, name).drop_null().to_pylist()) <= texts, pattern
    assert seen > 100


def test_what_may_be_any_is_not_listed() -> None:
    for pattern in (
        r"(\w+)",
        "(a|b*)",
        "(?i)(a|b)",
        "(a(?i:b))",
        "([ab])",
        "(a.)",
        "(^a)",
        "((a))",
    ):
        assert listed_values(pattern)[0] is None, pattern
    assert listed_values("(?i:x)(A)") == (None,)
    assert listed_values(r"(?P<level>WARN|v1\.0) (\d)") == (frozenset({"WARN", "v1.0"}), None)
