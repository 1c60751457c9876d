"""A message says what to do: the nearest name, the missing quotes, the form that was meant."""

from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.options import Options

FLEET = """\
param room : size = 1GiB

let pace = 5s

hosts web = ["web-1"] {
  FACT
}

template spool(room : size) {
  size = room
}

agent tailer on web {
  source access : seq

  channel spool : file

  channel other : file

  sink out : null {
    SINK
  }

  access -> CHAIN
  spool -> out
}

tailer.other => END {
  port = 4141
}
ITEM
"""

FACTS = (
    "`address`, `disk`, `memory`, `nic`, `disk_rate`, `site`, `user`, `group`, `python`, `arch`, "
    "`weight`"
)
WORDS = "string, bool, number, size, duration, rate, percent, path, url, secret and list(…)"
STEPS = "the interceptors are timestamp, host, static, regex_filter, regex_extract, fingerprint"


def found(part: str, text: str) -> Diagnostic:
    parts = {"FACT": "", "SINK": "", "CHAIN": "spool", "END": "tailer.spool", "ITEM": ""}
    program = FLEET
    for name, usual in parts.items():
        program = program.replace(name, text if name == part else usual)

    def read(path: Path) -> bytes:
        if path.name != "main.flow":
            raise FileNotFoundError(2, "No such file or directory")
        return program.encode()

    _, diagnostics = bind([Path("main.flow")], Options(), read)
    assert len(diagnostics) == 1, [one.message for one in diagnostics]
    return diagnostics[0]


@pytest.mark.parametrize(
    ("part", "text", "code", "hint"),
    [
        ("FACT", "disk = rom", "FL101", "did you mean `room`?"),
        ("FACT", 'site = "${rom}"', "FL102", "did you mean `room`?"),
        ("FACT", 'site = "${xyz}"', "FL102", "declare it: `param`, or `let`"),
        ("FACT", "site = berlin", "FL101", 'a text stands in quotes: "berlin"'),
        ("FACT", "dsk = 1GiB", "FL201", "did you mean `disk`?"),
        ("FACT", "colour = red", "FL201", f"its facts are {FACTS}"),
        ("FACT", "arch = x86", "FL207", "did you mean `x86_64`?"),
        ("FACT", 'arch = "aarch64"', "FL208", "write it without quotes: `arch = aarch64`"),
        ("FACT", 'disk = "4GiB"', "FL204", "write it without quotes: 4GiB"),
        ("FACT", "disk {\n}", "FL210", "write `disk = …`"),
        (
            "FACT",
            'site = secret("x")'.replace("\\", ""),
            "FL212",
            "a secret can be the value only of a property that takes one",
        ),
        (
            "FACT",
            'user = env("USER")',
            "FL134",
            'declare `param name : type = env("NAME")` and use `name`',
        ),
        (
            "FACT",
            r'site = "\d"',
            "FL214",
            r'for a backslash write `\\`, or a raw text: r"…"',
        ),
        (
            "FACT",
            'site = "${1}"',
            "FL142",
            "`${…}` takes the name of a param or let; for the characters themselves write `$${`",
        ),
        ("FACT", 'site = "${header.x}"', "FL204", "what an event has is written `%{x}`"),
        ("FACT", 'site = "${host.nam}"', "FL141", "did you mean `host.name`?"),
        (
            "FACT",
            'site = "${host.vars.x}"',
            "FL141",
            "declare it in the hosts block: `vars { x : string }`",
        ),
        (
            "FACT",
            "vars {\n    x : path\n  }",
            "FL507",
            "set `x` in the inventory, or give it a default here",
        ),
        ("SINK", "dead_letter = spol", "FL109", "did you mean `spool`?"),
        ("SINK", "give_up = later(1h)", "FL220", "did you mean `after`?"),
        ("SINK", "give_up = f(1h)", "FL220", "the functions here are `after`"),
        ("SINK", "dedup = 5m", "FL204", "write a block: `dedup { … }`"),
        ("CHAIN", "spol", "FL108", "did you mean `spool`?"),
        ("CHAIN", "timestmp() -> spool", "FL112", "did you mean `timestamp`?"),
        (
            "CHAIN",
            "x() -> spool",
            "FL112",
            STEPS,
        ),
        ("CHAIN", "timestamp -> spool", "FL151", "write `timestamp()`"),
        (
            "CHAIN",
            "other -> spool",
            "FL151",
            "end the chain in `other`, and begin another: `other -> …`",
        ),
        ("CHAIN", "out -> spool", "FL151", "a sink stands at an end of a chain"),
        ("CHAIN", "timestamp()", "FL151", "`SOURCE -> timestamp(…) -> CHANNEL`"),
        (
            "CHAIN",
            "x.spool",
            "FL154",
            "to cross hosts write a link outside the agent: `AGENT.CHANNEL => x.spool`",
        ),
        (
            "CHAIN",
            "spool, failover(out)",
            "FL158",
            "`failover(…)` stands alone at the end of a channel's chain",
        ),
        ("CHAIN", "ballance(out)", "FL158", "did you mean `balance`?"),
        (
            "CHAIN",
            "xyz(out)",
            "FL158",
            "a group of sinks is `failover(a, b)` or `balance(a, b)`",
        ),
        (
            "CHAIN",
            "timestamp(header.a) -> spool",
            "FL114",
            "by name it takes `header = …`, `preserve = …`",
        ),
        (
            "CHAIN",
            'static(header = env, value = "x") -> spool',
            "FL101",
            "did you mean the header `header.env`?",
        ),
        (
            "CHAIN",
            'static(header.a, "x", preserve = yes) -> spool',
            "FL101",
            "did you mean `true`?",
        ),
        (
            "CHAIN",
            "route kind {\n    else -> spool\n  }",
            "FL157",
            "write `header.kind`",
        ),
        ("END", "tailr.spool", "FL110", "did you mean `tailer`?"),
        ("END", "tailer.spol", "FL113", "did you mean `spool`?"),
        ("END", "tailer.xyz", "FL113", "it has access, spool, other, out"),
        ("END", "tailer", "FL159", "perhaps `tailer.spool` or `tailer.other`?"),
        ("END", "spool", "FL159", "perhaps `tailer.spool`?"),
        ("END", "tailer.spool via arow", "FL161", "did you mean `arrow`?"),
        ("END", "tailer.spool via http", "FL161", "the wires are arrow, avro, thrift"),
        ("ITEM", "agent x on wbe {\n}", "FL107", "did you mean `web`?"),
        (
            "ITEM",
            'test "t" {\n  kill("tailer")\n}',
            "FL204",
            "write it without quotes: tailer",
        ),
        ("ITEM", 'test "t" {\n  kill("web-1")\n}', "FL204", None),
        ("ITEM", "hosts db = db.example.com", "FL107", 'if it is a host, write `"db.example.com"`'),
        ("ITEM", "hosts core = core_1", "FL107", "the host sets are `web`"),
        ("ITEM", "agent x on web = spol()", "FL111", "did you mean `spool`?"),
        (
            "ITEM",
            'hosts all = [web, "x"]',
            "FL101",
            "sets are put together by `union(a, b)`; a name stands in quotes",
        ),
        (
            "ITEM",
            'import "gone.flow" as gone\nhosts all = union(web, gone.x)',
            "FL121",
            "a path begins at the folder of the file that names it",
        ),
        ("ITEM", 'hosts all = exept(web, ["b"])', "FL513", "did you mean `except`?"),
        ("ITEM", "param x : sze = 1GiB", "FL133", "did you mean `size`?"),
        (
            "ITEM",
            "param x : xyz = 1GiB",
            "FL133",
            f"the types are {WORDS}",
        ),
        ("ITEM", "param x : size", "FL130", "pass `--set x=…`, or give it a default"),
        (
            "ITEM",
            'param x : size = env("X")',
            "FL130",
            "set X in the environment, pass `--set x=…`, or give it a default",
        ),
        ("ITEM", "agent x on web {\n  source s : file\n}", "FL106", "`file` is a channel"),
        ("ITEM", "agent x on web {\n  source s : htp\n}", "FL106", "did you mean `http`?"),
        (
            "ITEM",
            "agent x on web {\n  channel s : xyz\n}",
            "FL106",
            "the channels are file, memory, spill",
        ),
        (
            "ITEM",
            'agent x on web {\n  sink s : file_roll {\n    directory = "/${host.site}"\n  }\n}',
            "FL512",
            "set `site = …` in the block of its host set",
        ),
        (
            "ITEM",
            'agent x on web {\n  source s : taildir {\n    files = "/a"\n  }\n}',
            "FL204",
            'write a list of one: ["/a"]',
        ),
    ],
)
def test_a_hint_says_what_to_do(part: str, text: str, code: str, hint: str | None) -> None:
    diagnostic = found(part, text)

    assert (diagnostic.code, diagnostic.hint) == (code, hint)


@pytest.mark.parametrize(
    ("text", "code", "places"),
    [
        ("let pace = 6s", "FL103", ["let pace = 5s"]),
        ('hosts a = ["x", "y", "x"]', "FL502", ['hosts a = ["x", "y", "x"]']),
        ("let x = y\nlet y = x", "FL135", ["let y = x"]),
        (
            'hosts a = ["x"] {\n  weight = room\n}',
            "FL204",
            ["param room : size = 1GiB"],
        ),
        (
            'hosts a = ["x"] {\n  weight = 2\n  weight = 3\n}',
            "FL202",
            ["  weight = 2"],
        ),
        (
            'hosts a = ["web-1"] {\n  disk = 2GiB\n}\nhosts b = ["web-1"] {\n  disk = 3GiB\n}',
            "FL511",
            ["  disk = 2GiB"],
        ),
    ],
)
def test_the_other_places_are_named(text: str, code: str, places: list[str]) -> None:
    diagnostic = found("ITEM", text)

    assert diagnostic.code == code
    assert [place.span.source.line(place.span.line) for place in diagnostic.places] == places
    assert all(place.text for place in diagnostic.places)
