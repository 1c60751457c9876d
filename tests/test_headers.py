"""What is said of headers is true of what interceptors do: small and exhaustive, against them."""

from itertools import permutations, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from flumec.compiler.bind import bind
from flumec.compiler.graph import Graph
from flumec.compiler.headers.flow import HeaderFlow
from flumec.compiler.headers.known import ANY, Headers, Known, Lack, closed, surely
from flumec.compiler.headers.live import ALL, NOTHING, Live
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.source import Source, Span
from flumec.runtime.batch import BODY, concat, header, with_header
from flumec.runtime.testing import ManualClock

CONTEXT: Any = SimpleNamespace(host="web-1", address="web-1", clock=ManualClock(1_000_000_000))
BODIES = [b"user=ann", b"nobody"]
STEPS = (
    'static(header.x, "a")',
    'static(header.x, "b", preserve = false)',
    r'regex_extract(r"user=(\w+)", into = [header.x])',
    "host(header = header.x)",
    "host(header = header.x, preserve = true)",
    "fingerprint(header.x, of = [header.y, body])",
    'static(header.y, "c")',
)
CHAINS = [steps for length in range(3) for steps in product(STEPS, repeat=length)]
FILES = '{\n    files = ["/var/log/app.log"]\n  }'
HTTP = '{\n    port = 80\n    bind = "127.0.0.1"\n  }'
FLOW = """\
hosts web = ["web-1"]

agent a on web {{
  source one : {one}

  source two : {two}

  channel spool : memory

  sink out : null

  one -> {first}spool
  two -> {second}spool
  spool -> out
}}
"""


def flow_of(text: str) -> tuple[HeaderFlow, Any]:
    """Return the analysis of a text that has no mistake, and its fleet."""
    path = Path("main.flow")
    fleet, found = bind([path], Options(), in_memory({"main.flow": text}))
    assert not list(found), found
    return HeaderFlow(fleet, Graph(fleet)), fleet


def written(steps: tuple[str, ...]) -> str:
    return "".join(f"{step} -> " for step in steps)


def sent(chain: Any, clients: list[dict[str, str]]) -> pa.RecordBatch:
    """Return what a chain makes of events that clients sent with some headers."""
    batch = pa.record_batch([pa.array(BODIES * len(clients), pa.binary())], names=[BODY])
    for name in {name for each in clients for name in each}:
        values = [each.get(name) for each in clients for _ in BODIES]
        batch = with_header(batch, name, pa.array(values, pa.utf8()))
    for step in chain.steps:
        positional = [
            v.value for n, v in step.values.items() if step.declaration.props[n].positional
        ]
        others = {
            n: v.value for n, v in step.values.items() if not step.declaration.props[n].positional
        }
        batch = step.declaration(*positional, **others).open(CONTEXT)(batch)
    return batch


def holds(known: Known, values: list[str | None]) -> None:
    """Assert that what is known of a header is true of its values, and no weaker than need be."""
    there = {value for value in values if value is not None}
    if known.never:
        assert not there
    if known.sure:
        assert None not in values
    if known.lack is not None:
        assert None in values
    if known.values is not None:
        assert there <= known.values
    assert known.sure == (None not in values)


@pytest.mark.parametrize("start", ["seq", "http"])
def test_one_way_is_as_the_interceptors_do_it(start: str) -> None:
    clients: list[dict[str, str]] = [{}] if start == "seq" else [{}, {"x": "z"}, {"y": "z"}]
    for steps in CHAINS:
        one = "seq" if start == "seq" else f"http {HTTP}"
        flow, fleet = flow_of(
            FLOW.format(
                one=one, two=one.replace("80", "81"), first=written(steps), second=written(steps)
            )
        )
        batch = sent(fleet.agents["a"].chains[0], clients)
        for name in ("x", "y", "z"):
            holds(flow.at(("a", "out"))[name], header(batch, name).to_pylist())


@pytest.mark.slow
def test_two_ways_are_known_as_far_as_both_are() -> None:
    for first, second in product(CHAINS, repeat=2):
        if len(first) + len(second) > 3:
            continue
        flow, fleet = flow_of(
            FLOW.format(one="seq", two="seq", first=written(first), second=written(second))
        )
        chains = fleet.agents["a"].chains
        batch = concat([sent(chains[0], [{}]), sent(chains[1], [{}])])
        for name in ("x", "y"):
            holds(flow.at(("a", "out"))[name], header(batch, name).to_pylist())


def states() -> list[Known]:
    """Return every state that steps can lead to, of one header."""
    source = Source("main.flow", "abcdef")
    here, there = Span(source, 0, 1), Span(source, 1, 2)
    lack = Lack(here, "`a` has events without it")
    some = Known().found(there, lack, frozenset("b"))
    return [
        ANY.rest, closed(lack).rest, surely(here), surely(there, frozenset("a")), some,
        ANY.rest.kept_or(here, frozenset("c")), some.narrowed("b"), ANY.rest.narrowed("ab"),
        surely(here, frozenset("ab")).without(frozenset("a")),
    ]  # fmt: skip


def meaning(known: Known) -> tuple[object, ...]:
    """Return what a state says, without the places that it names."""
    return known.sure, known.never, known.lack is None, known.values, known.client


def test_the_order_of_ways_that_meet_says_nothing() -> None:
    for one, two, three in product(states(), repeat=3):
        joined = {meaning(a.joined(b).joined(c)) for a, b, c in permutations((one, two, three))} | {
            meaning(one.joined(two.joined(three)))
        }
        assert len(joined) == 1
        assert meaning(one.joined(one)) == meaning(one)


def test_headers_join_name_by_name() -> None:
    for one, two, rest in product(states(), repeat=3):
        first, second = Headers({"x": one}, rest), Headers({"y": two}, rest)
        joined = first.joined(second)
        assert meaning(joined["x"]) == meaning(one.joined(rest))
        assert meaning(joined["y"]) == meaning(rest.joined(two))
        assert meaning(joined["z"]) == meaning(rest.joined(rest))


def test_what_is_read_on_one_way_is_read() -> None:
    span = Span(Source("main.flow", "abc"), 0, 1)
    some = [ALL, NOTHING, *(live.read("x") for live in (ALL, NOTHING))]
    some += [live.set_at(name, span) for live in some for name in "xy"]
    for one, two in product(some, repeat=2):
        for name in "xyz":
            joined: Live = one.joined(two)
            assert joined.has(name) == (one.has(name) or two.has(name))
            assert two.joined(one).has(name) == joined.has(name)


def test_a_route_narrows_what_goes_on() -> None:
    text = FLOW.format(one="seq", two=f"http {HTTP}", first="", second="").replace(
        "  one -> spool\n  two -> spool\n",
        '  one -> static(header.x, "a") -> static(header.y, "b") -> spool\n'
        '  two -> route header.x {\n    "a", "c" -> static(header.y, "d") -> spool\n'
        "    else -> drop\n  }\n",
    )
    flow, _ = flow_of(text)

    known = flow.at(("a", "out"))
    assert (known["x"].sure, known["x"].values) == (True, frozenset("ac"))
    assert (known["y"].sure, known["y"].values) == (True, None)


def test_dead_letters_bring_the_headers_that_say_why() -> None:
    text = FLOW.format(one=f"taildir {FILES}", two="seq", first="host() -> ", second="host() -> ")
    letters = "  channel dead : memory\n\n  sink look : logger\n\n"
    out = "  sink out : null {\n    dead_letter = dead\n  }\n"
    text = text.replace("  sink out : null\n", letters + out)
    flow, _ = flow_of(text.replace("  spool -> out\n", "  spool -> out\n  dead -> look\n"))

    known = flow.at(("a", "look"))
    assert known["flumec.reason"].sure
    assert known["host"].values == frozenset({"web-1"})
    assert known["part"].lack
    assert flow.at(("a", "out"))["flumec.reason"].never


def test_in_a_circle_nothing_is_known() -> None:
    text = FLOW.format(one="link", two="seq", first="", second="").replace("  spool -> out\n", "")
    other = "hosts core" + text.replace("  sink out : null\n", "").removeprefix("hosts web")
    other = other.replace("agent a on web", "agent b on core").replace("web-1", "core-1")
    links = (
        f"\n{one}.spool => {two}.one {{\n  port = 1\n  policy = single\n  tls = mutual\n}}\n"
        for one, two in ("ab", "ba")
    )
    flow, _ = flow_of(text.replace("  sink out : null\n", "") + "\n" + other + "".join(links))

    assert flow.at(("a", "spool")) == flow.at(("b", "one")) == ANY
