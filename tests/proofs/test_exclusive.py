"""Two chains of one source copy an event if, and only if, there is one that leaves by both."""

from itertools import combinations_with_replacement, product
from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.graph import Graph
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.proofs.exclusive import may_copy
from flumec.runtime.batch import header
from played import events, leaving

BODIES = [x + end for x in (b"x=a", b"x=b", b"") for end in (b"!", b"")]
STEPS = (
    "",
    'static(header.x, "a") -> ',
    'static(header.x, "b", preserve = false) -> ',
    r'regex_extract(r"x=(\w)", into = [header.x]) -> ',
    'regex_filter("!") -> ',
    'static(header.y, "a") -> regex_filter("!", exclude = true) -> ',
    'regex_filter("x") -> ',
)
ENDS = (
    "{}",
    'route header.x {{\n    "a" -> {}\n    else -> drop\n  }}',
    'route header.x {{\n    "a" -> drop\n    else -> {}\n  }}',
    'route header.x {{\n    "b" -> {}\n    "a" -> drop\n    else -> drop\n  }}',
)
CHAINS = list(product(STEPS, ENDS))
FLOW = """\
hosts web = ["web-1"]

agent a on web {{
  source in : http {{
    port = 80
    bind = "127.0.0.1"
  }}

  channel one : file

  channel two : file

  in -> {}

  in -> {}
}}
"""


def copies(first: str, second: str) -> tuple[bool, bool]:
    """Return whether an event leaves by both of two chains, and whether that is said of them."""
    text = FLOW.format(first, second)
    fleet, found = bind([Path("main.flow")], Options(), in_memory({"main.flow": text}))
    assert not list(found)
    sent = events(BODIES, [None, "a", "b", "z"], "x")
    left = [batch for chain in fleet.agents["a"].chains for _, batch in leaving(chain, sent)]
    one, two = (set(header(batch, "event").to_pylist()) for batch in left)
    return bool(one & two), may_copy(*Graph(fleet).edges)


@pytest.mark.slow
def test_what_leaves_by_both_is_copied() -> None:
    for (steps, end), (others, other_end) in combinations_with_replacement(CHAINS, 2):
        first, second = steps + end.format("one"), others + other_end.format("two")
        copied, said = copies(first, second)
        assert said or not copied, (first, second)
        if steps == others or "static(header.x" not in first + second:
            assert said == copied, (first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (STEPS[4] + "one", STEPS[4] + "two"),
        (STEPS[4] + "one", STEPS[5] + "two"),
        (ENDS[1].format("one"), STEPS[1] + ENDS[1].format("two")),
        (STEPS[3] + ENDS[1].format("one"), STEPS[3] + ENDS[2].format("two")),
    ],
)
def test_a_header_and_a_pattern_are_asked_for_by_both(first: str, second: str) -> None:
    copied, said = copies(first, second)
    assert said is copied
