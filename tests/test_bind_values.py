"""Values are what the file says: texts, names, templates, and what differs from host to host."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.text import read_parts
from flumec.compiler.model import Agent, Fleet, HostFact, PerHost, Settings
from flumec.compiler.options import Options
from flumec.compiler.source import Source, Span
from flumec.compiler.tree import Ref, String
from flumec.compiler.values import resolve
from flumec.runtime.component import Header
from flumec.runtime.links.settings import Fact, Hash
from hypothesis import given
from hypothesis import strategies as st


def clean(text: str) -> Fleet:
    fleet, diagnostics = bind([Path("main.flow")], Options(), lambda _: text.encode())
    assert [(one.code, str(one.span), one.message) for one in diagnostics] == []
    return fleet


def agent(block: str, before: str = "", hosts: str = 'hosts web = ["web-1", "web-2"]') -> Agent:
    fleet = clean(f"{before}\n{hosts}\n\nagent tailer on web {{\n{block}\n}}\n")
    return fleet.agents["tailer"]


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: plain(held.value.values) if isinstance(held.value, Settings) else held.value
        for name, held in values.items()
    }


def text_of(raw: str, form: Any = "plain") -> str:
    source = Source("x.flow", f'"{raw}"')
    findings = Findings()
    parts, whole = read_parts(String(raw, form, Span(source, 0, len(raw) + 2)), findings)
    assert whole
    assert findings.diagnostics == []
    return "".join(f"<{part.text}>" if isinstance(part, Ref) else part for part in parts)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        (r"a\nb\t\\\"\r", 'a\nb\t\\"\r'),
        (r"\u00e9", "é"),
        ("${a} and ${ b.c }", "<a> and <b.c>"),
        ("$${a} $a { } %Y %{h} $", "${a} $a { } %Y %{h} $"),
        (r"\\${a}", "\\<a>"),
        ("$$${a}", "$${a}"),
    ],
)
def test_a_text_is_read_with_its_escapes_and_names(raw: str, text: str) -> None:
    assert text_of(raw) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\n    one\n      two\n    ", "one\n  two"),
        ("\n    one\n\n    two\n  ", "  one\n\n  two"),
        ("\n  one\n  two", "one\ntwo"),
        ("\n  ", ""),
        ("  \n\tone\n\t\ttwo\n\t", "one\n\ttwo"),
        ("\n  a ${b}\n  c\\n\n  ", "a <b>\nc\n"),
        ("\r\n  one\r\n  two\r\n  ", "one\ntwo"),
    ],
)
def test_a_long_text_loses_its_indentation(raw: str, text: str) -> None:
    assert text_of(raw, "long") == text


def test_a_raw_text_is_as_it_stands() -> None:
    assert text_of(r"\d ${a} $${", "raw") == r"\d ${a} $${"


@given(st.text(alphabet='ab\\"${}\n\t\u00e9 '))
def test_reading_a_text_never_raises(raw: str) -> None:
    source = Source("x.flow", f'"""{raw}"""')
    for form in ("plain", "raw", "long"):
        span = Span(source, 0, len(raw) + 6)
        read_parts(String(raw, form, span), Findings())  # type: ignore[arg-type]


def test_every_value_has_a_text_as_it_was_written() -> None:
    lets = """\
let size = 4GiB
let pace = 1h30m
let many = 5_000
let yes_or_no = true
let word = parquet
let other = "<${size}>"
param lake : url = "hdfs://nn/${many}"
"""
    out = agent(
        """  source s : my.plugin {
    text = "${size} ${pace} ${many} ${yes_or_no} ${word} ${other} ${lake}"
  }
  channel c : memory
  sink o : null
  s -> c
  c -> o""",
        lets,
    ).components["s"]

    assert out.values["text"].value == "4GiB 1h30m 5_000 true parquet <4GiB> hdfs://nn/5_000"


def test_a_property_has_an_instance_of_its_type() -> None:
    bound = agent(
        """  source access : taildir {
    files = ["/var/log/a.log"]
    rotation = none
    max_line = 64KiB
    path_header = header.path
    skip_to_end = true
  }
  source events : http {
    port = 8_080
    timeout = 1m30s
    request_id = "Idempotency-Key"
  }
  channel c : memory {
    events = 1e3
  }
  sink o : file_roll {
    directory = "/srv"
    roll {
      size = 1MB
      every = 90s
    }
  }
  metrics_port = 9090
  limits {
    memory = 1GiB
    cpu = 150%
  }
  access -> static(header["X-Env"], "prod", preserve = false) -> c
  events -> c
  c -> o"""
    )
    parts = bound.components

    assert plain(parts["access"].values) == {
        "files": ("/var/log/a.log",),
        "rotation": "none",
        "max_line": 64 * 1024,
        "path_header": Header("path"),
        "skip_to_end": True,
    }
    assert plain(parts["events"].values) == {
        "port": 8080,
        "timeout": 90,
        "request_id": "Idempotency-Key",
    }
    assert plain(parts["c"].values) == {"events": 1000}
    assert plain(parts["o"].values) == {
        "directory": Path("/srv"),
        "roll": {"size": 10**6, "every": 90},
    }
    assert plain(bound.settings) == {
        "metrics_port": 9090,
        "limits": {"memory": 2**30, "cpu": 1.5},
    }
    step = bound.chains[0].steps[0]
    assert plain(step.values) == {"header": "X-Env", "value": "prod", "preserve": False}


def test_a_word_of_an_enumeration_may_come_by_a_name() -> None:
    lets = 'let how = copytruncate\nparam end : string = "crlf"\nlet again = how\n'
    out = agent(
        """  source access : taildir {
    files = ["/a"]
    rotation = again
    line_end = end
  }
  channel c : memory
  sink o : null
  access -> c
  c -> o""",
        lets,
    ).components["access"]

    assert plain(out.values) == {"files": ("/a",), "rotation": "copytruncate", "line_end": "crlf"}


def test_an_enumerations_word_wins_over_a_let_of_that_name() -> None:
    out = agent(
        """  source access : taildir {
    files = ["/a"]
    rotation = none
  }
  channel c : memory
  sink o : null
  access -> c
  c -> o""",
        'let none = "rename"',
    ).components["access"]

    assert out.values["rotation"].value == "none"


def test_a_block_after_a_template_overrides_what_it_names() -> None:
    bound = agent(
        """  channel a : memory = spool(4MiB, full = "drop_oldest")
  channel b : memory = spool(room = 4MiB) {
    size = 8MiB
    when_full = drop_oldest
  }
  sink o : file_roll = rolled("x") {
    roll {
      every = 1s
    }
  }
  source s : seq
  s -> a, b
  a -> o""",
        """\
template spool(room : size, full : string = "block") {
  when_full = full
  size = room
}
template rolled(folder : string) {
  directory = "/srv/${folder}"
  roll {
    size = 1MB
    every = 1h
  }
}""",
    )

    assert plain(bound.components["a"].values) == {"when_full": "drop_oldest", "size": 4 * 2**20}
    assert plain(bound.components["b"].values) == {"when_full": "drop_oldest", "size": 8 * 2**20}
    assert plain(bound.components["o"].values) == {
        "directory": Path("/srv/x"),
        "roll": {"size": 10**6, "every": 1},
    }


def test_an_agent_from_a_template_may_override_and_add() -> None:
    fleet = clean("""\
hosts web = ["web-1", "web-2"]

template standard(total : number, folder : string = "srv-${host.name}") {
  metrics_port = 9000

  source numbers : seq {
    total = total
  }

  channel spool : memory = small()

  sink out : file_roll {
    directory = "/${folder}"
  }

  numbers -> spool
}

template small() {
  size = 1MiB
}

agent one on web = standard(5)

agent two on web = standard(total = 6, folder = "other") {
  metrics_port = 9001

  channel spool : memory {
    size = 2MiB
  }

  sink out : file_roll {
    suffix = ".txt"
  }

  spool -> out
}
""")
    one, two = fleet.agents["one"], fleet.agents["two"]

    assert plain(one.components["numbers"].values) == {"total": 5}
    assert plain(one.components["spool"].values) == {"size": 2**20}
    assert plain(two.components["spool"].values) == {"size": 2**21}
    assert plain(two.components["out"].values) == {
        "directory": Path("/other"),
        "suffix": ".txt",
    }
    folder = one.components["out"].values["directory"].value
    hosts = one.hosts.hosts
    assert [resolve(folder, host, "") for host in hosts] == [Path("/srv-web-1"), Path("/srv-web-2")]
    assert (plain(one.settings), plain(two.settings)) == (
        {"metrics_port": 9000},
        {"metrics_port": 9001},
    )
    assert (len(one.chains), len(two.chains)) == (1, 2)


def test_what_differs_by_host_is_kept_for_the_host() -> None:
    bound = agent(
        """  source access : taildir {
    files = ["${host.vars.log_dir}/*.log", "/fixed"]
  }
  channel c : memory {
    size = host.vars.room
  }
  sink o : file_roll {
    directory = host.vars.log_dir
    suffix = "${here}"
  }
  access -> c
  c -> o""",
        'let here = "-${host.name}-${host.index}"',
        """\
hosts web = ["web-1", "web-2"] {
  vars {
    log_dir : path = "/log/${host.index}"
    room : size = 1MiB
  }
}""",
    )
    parts, host = bound.components, bound.hosts.hosts[1]

    files = parts["access"].values["files"].value
    assert files[0] == PerHost((HostFact(("vars", "log_dir")), "/*.log"), str)
    assert resolve(files, host, "") == ("/log/1/*.log", "/fixed")
    assert resolve(parts["o"].values["directory"].value, host, "") == Path("/log/1")
    assert resolve(parts["c"].values["size"].value, host, "") == 2**20
    assert resolve(parts["o"].values["suffix"].value, host, "") == "-web-2-1"


def test_a_property_is_checked_on_every_host() -> None:
    text = """\
hosts web = inventory("hosts.ini") {
  vars {
    log_dir : path
  }
}

agent tailer on web {
  source s : seq
  channel c : memory
  sink o : file_roll {
    directory = "${host.vars.log_dir}"
  }
  s -> c
  c -> o
}
"""
    files = {"main.flow": text, "hosts.ini": "a log_dir=/srv\nb log_dir=srv\nc log_dir=x\n"}
    _, found = bind([Path("main.flow")], Options(), lambda path: files[str(path)].encode())

    assert [one.message for one in found] == [
        "`directory` must be an absolute path, not `srv` on `b`"
    ]


def test_a_links_settings_are_typed() -> None:
    fleet = clean("""\
hosts web = ["web-1"] {
  site = "here"
}
hosts core = ["core-1", "core-2"] {
  site = "here"
}

agent a on web {
  source s : seq
  channel out : file
  channel dead : file
  s -> out
}

agent b on core {
  channel inbox : file
  sink o : null
  inbox -> o
}

## Crosses.
a.out => b.inbox via arrow {
  port = 4141
  policy = hash(header.user)
  within = host.site
  in_doubt = wait
  dead_letter = dead
  tls = mutual
}
""")
    link = fleet.links[0]

    assert plain(link.values) == {
        "port": 4141,
        "policy": Hash(Header("user")),
        "within": Fact("site"),
        "in_doubt": "wait",
        "dead_letter": "dead",
        "tls": "mutual",
    }
    assert link.doc == "Crosses."
    assert fleet.future == []


def test_a_plug_ins_values_are_kept_as_they_stand() -> None:
    sink = agent(
        """  source s : seq
  channel c : memory
  sink o : acme.ledger {
    text = "a"
    size = 4GiB
    list = [1, true, word]
  }
  s -> c
  c -> o"""
    ).components["o"]

    assert sink.declaration is None
    assert plain(sink.values) == {"text": "a", "size": 4 * 2**30, "list": (1, True, "word")}
