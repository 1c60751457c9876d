"""Checks and tests are bound; what the runtime lacks is typed and listed; nothing is said twice."""

import re
from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import AgentName, End, Fleet
from flumec.compiler.options import Options
from flumec.compiler.recover_consequences import without_consequences
from flumec.runtime.component import Header
from flumec.runtime.quantity import Duration, Rate
from hypothesis import given, settings
from hypothesis import strategies as st

FLOWS = sorted((Path(__file__).parent).glob("flows/**/*.flow"))

FLEET = """\
hosts web = ["web-1"]

agent tailer on web {
  source access : seq

  channel spool : file

  sink out : null

  access -> spool
  spool -> out
}
"""


def bound(text: str) -> tuple[Fleet, list[Diagnostic]]:
    return bind([Path("main.flow")], Options(), lambda _: text.encode())


def test_a_check_is_bound_with_its_faults() -> None:
    fleet, diagnostics = bound(
        FLEET
        + """\
check "holds" {
  from = tailer.access
  to = tailer.out
  delivery = exactly_once
  order = key
  key = header.id
  rate = 200KB/s
  peak = 500KB/s
  survives = [
    kill(tailer, count = 1),
    lose(tailer),
    outage(tailer.out, 4h),
    cut(tailer.spool, 30m),
    power("north", down = 2h),
  ]
}
"""
    )
    assert diagnostics == []
    values = {name: held.value for name, held in fleet.proofs[0].values.items()}
    faults = values.pop("survives")

    start, end = values.pop("from"), values.pop("to")
    assert isinstance(start, End)
    assert (start.agent, start.component, end.component) == ("tailer", "access", "out")
    assert values == {
        "delivery": "exactly_once",
        "order": "key",
        "key": Header("id"),
        "rate": Rate("200KB/s"),
        "peak": Rate("500KB/s"),
    }
    assert [fault.kind for fault in faults] == ["kill", "lose", "outage", "cut", "power"]
    assert {n: v.value for n, v in faults[0].values.items()} == {
        "agent": AgentName("tailer"),
        "count": 1,
    }
    assert faults[2].values["duration"].value == Duration("4h")
    assert faults[3].values["duration"].value == Duration("30m")
    assert faults[4].values["site"].value == "north"
    assert faults[4].values["down"].value == Duration("2h")


def test_a_test_is_bound_with_its_statements() -> None:
    fleet, diagnostics = bound(
        FLEET
        + """\
test "arrives" {
  send(tailer.access, headers(kind = "a", header["X-Id"] = "1"), body = "hello", count = 5)
  kill(tailer)
  cut(tailer.spool)
  outage(tailer.out, 1h)
  advance(2h)
  expect(tailer.out, count = 5, header.kind = "a", header["X-Id"] = "1")
  expect(tailer.access, dropped = 1)
}
"""
    )
    assert diagnostics == []
    statements = fleet.trials[0].statements

    assert [statement.function for statement in statements] == [
        "send",
        "kill",
        "cut",
        "outage",
        "advance",
        "expect",
        "expect",
    ]
    send, expect = statements[0].values, statements[5].values
    assert send["headers"].value == {"kind": "a", "X-Id": "1"}
    assert (send["body"].value, send["count"].value) == ("hello", 5)
    assert expect["headers"].value == {"kind": "a", "X-Id": "1"}
    assert expect["count"].value == 5


def test_what_the_runtime_lacks_is_listed_and_typed() -> None:
    fleet, diagnostics = bound("""\
hosts web = ["web-1", "web-2"]

agent a on web {
  journal fast {
    directory = "/fast"
    sync = 1s
    encryption = secret("journal-key")
  }

  source s : seq {
    formerly = "t"
  }

  source feed : link

  channel c : file {
    journal = fast
  }

  channel dead : file

  sink o : null {
    workers = 4
    give_up = after(24h)
    dead_letter = dead

    dedup {
      key = [header.a, header.b]
      window = 1h
      late = drop
    }
  }

  sink k : kafka {
    brokers = ["k1:9092"]
    topic = "t"
  }

  s -> fingerprint(header.id, of = [header.a, body]) -> c
  feed -> acme.mask() -> c
  c -> balance(o, k, in_doubt = wait)
}
""")
    assert [one.message for one in diagnostics] == []
    assert sorted(name for name, _ in fleet.future) == [
        "`dedup` on a sink",
        "`formerly` on a source",
        "`workers` on a sink",
        "the plug-in interceptor `acme.mask`",
        "the sink `kafka`",
    ]


def test_other_wires_are_features() -> None:
    link = "tailer.spool => tailer.spool, tailer.spool via thrift {\n  port = 4141\n}\n"
    fleet, diagnostics = bound(FLEET + link)

    assert diagnostics == []
    assert [name for name, _ in fleet.future] == ["the wire `thrift`"]
    assert (fleet.links[0].via, len(fleet.links[0].targets)) == ("thrift", 2)


MISTAKES = [
    ("hosts web", "hosts wbe", ["FL107"]),
    ("agent tailer", "agent tailr", ["FL110", "FL110", "FL110"]),
    ("source access", "source acces", ["FL108", "FL113"]),
    ("source access : seq", "source access = seq", ["FL015"]),
    ("sink out : null", "sink out : nul", ["FL106"]),
    ("access -> spool", "access - > spool", ["FL019"]),
    ('["web-1"]', '["web 1"]', ["FL501"]),
]


@pytest.mark.parametrize(("right", "wrong", "codes"), MISTAKES)
def test_one_mistake_is_not_followed_by_others(right: str, wrong: str, codes: list[str]) -> None:
    check = (
        'check "x" {\n  from = tailer.access\n  to = tailer.out\n  survives = [kill(tailer)]\n}\n'
    )
    text = (FLEET + check).replace(right, wrong, 1)
    _, diagnostics = bound(text)

    assert [one.code for one in without_consequences(diagnostics)] == codes


def test_a_templates_mistake_is_said_once() -> None:
    uses = "".join(f"  channel c{n} : memory = t()\n" for n in range(20))
    text = f'template t() {{\n  size = 10mb\n}}\n\nhosts h = ["h"]\n\nagent a on h {{\n{uses}}}\n'

    assert [one.code for one in bound(text)[1]] == ["FL205"]


WORDS = re.compile(r"\w+|[^\w\s]+|\s+")
TOKENS = [
    *(
        "host.name",
        "header.x",
        "${host.name}",
        '"${a}"',
        "10mb",
        "5m",
        "true",
        "[",
        "]",
        "{\n",
        "}\n",
    ),
    *('secret("x")', 'env("X")', "-1", "1e999", "99999999999999999999", '""', "let", "drop?"),
    *("union(", "import", "x.y.z", 'header["a b"]', 'r"("', '"{1..9}"', "=>", "->", ","),
    "= spool(room = 1GiB)",
]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_binding_never_raises(data: st.DataObject) -> None:
    words = WORDS.findall(data.draw(st.sampled_from(FLOWS)).read_text())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(words) - 1))
        change = data.draw(st.sampled_from(["take", "swap", "copy", "put"]))
        if change == "take":
            words[at] = ""
        elif change == "put":
            words[at] = data.draw(st.sampled_from(TOKENS))
        else:
            other = data.draw(st.integers(0, len(words) - 1))
            words[at], words[other] = words[other], words[at if change == "swap" else other]
    fleet, diagnostics = bound("".join(words))

    for one in diagnostics:
        assert one.message
        assert one.span.start <= one.span.end
    assert fleet.sources
