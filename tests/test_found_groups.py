"""Of which groups each match has a character: what is said of patterns is true of Arrow's RE2."""

from itertools import product

import pyarrow as pa
import pyarrow.compute as pc
from flumec.runtime.batch import BODY, header
from flumec.runtime.match import extracting
from flumec.runtime.pattern import fault, groups
from flumec.runtime.pattern_groups import surely_found

ONES = ("(a)", "(a*)", "(?:a|(b))", r"(\b)", "[(]", r"(\Qab\E)")
REPEATS = ("", "+?", "?", "{0}", "{2}")
PARTS = [f"{one}{repeat}" for one, repeat in product(ONES, REPEATS)]
PATTERNS = [
    pattern.format(one, two)
    for pattern in ("{}{}", "({}|{})", "(?:({}){})+", "{}|({})")
    for one, two in product(PARTS, PARTS[::6])
    if fault(pattern.format(one, two)) is None
]
BODIES = ["".join(body) for length in range(4) for body in product("ab(", repeat=length)]


def test_a_group_that_surely_has_a_character_has_one_in_each_match() -> None:
    batch = pa.record_batch([pa.array(body.encode() for body in BODIES)], names=[BODY])
    seen = 0
    for pattern in (one for one in PATTERNS if any(surely_found(one))):
        names = [str(number) for number in range(groups(pattern))]
        found = extracting(pattern, names)(batch)
        columns = [header(found, name).is_valid() for name in names]
        sure = [one for one, is_sure in zip(columns, surely_found(pattern), strict=True) if is_sure]
        for column in columns:
            assert not any(pc.any(pc.greater(column, one)).as_py() for one in sure), pattern
        seen += len(sure) > 0
    assert seen > 100


def test_what_may_find_nothing_is_not_sure() -> None:
    for pattern in ("(a)*", "(a*)", "(?:(a)|b)", "((a)?)", "(a){0,3}", r"(\b)", "(^)", "(?i)()"):
        assert not any(surely_found(pattern)), pattern
    assert surely_found(r"(?P<level>\w+)\((?:x(\d+)){2}[(]") == (True, True)
