"""Files become modules: imports with params, several files as one fleet, values from outside."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options

TIER = """\
param stage : string = "prod"
param room : size = 1GiB

hosts core = "core-{1..2}.${stage}.example.com"

agent collector on core {
  source numbers : seq

  channel inbox : file {
    size = room
  }

  sink out : file_roll {
    directory = "/srv/${stage}"
  }

  numbers -> inbox
  inbox -> out
}
"""


def bound(
    files: Mapping[str, str | bytes], *given: str, options: Options | None = None
) -> tuple[Fleet, list[Diagnostic]]:
    def read(path: Path) -> bytes:
        if str(path) not in files:
            raise FileNotFoundError(2, "No such file or directory")
        content = files[str(path)]
        return content if isinstance(content, bytes) else content.encode()

    paths = [Path(name) for name in given or ("main.flow",)]
    return bind(paths, options or Options(), read)


def said(diagnostics: list[Diagnostic]) -> list[str]:
    return [f"{one.code} {one.span} {one.message}" for one in diagnostics]


def test_a_file_imported_with_other_params_is_another_instance() -> None:
    main = """\
import "tiers/tier.flow" as dev {
  stage = "dev"
}
import "tiers/tier.flow" as prod {
  room = 4GiB
}
"""
    fleet, diagnostics = bound({"main.flow": main, "tiers/tier.flow": TIER})

    assert said(diagnostics) == []
    assert list(fleet.agents) == ["dev.collector", "prod.collector"]
    assert [host.name for host in fleet.host_sets["dev.core"].hosts] == [
        "core-1.dev.example.com",
        "core-2.dev.example.com",
    ]
    sizes = [agent.components["inbox"].values["size"].value for agent in fleet.agents.values()]
    assert sizes == [2**30, 4 * 2**30]


def test_a_file_imported_twice_with_the_same_params_is_one_instance() -> None:
    left = 'import "../tier.flow" as tier {\n  stage = "dev"\n}\n'
    right = 'let name = "dev"\nimport "../tier.flow" as other {\n  stage = name\n}\n'
    main = 'import "a/left.flow" as left\nimport "a/right.flow" as right\n'
    fleet, diagnostics = bound(
        {"main.flow": main, "a/left.flow": left, "a/right.flow": right, "tier.flow": TIER}
    )

    assert said(diagnostics) == []
    assert list(fleet.agents) == ["left.tier.collector"]


def test_names_of_an_import_are_qualified() -> None:
    main = """\
import "tier.flow" as tier

hosts web = ["web-1"]

template small() {
  size = 1MiB
}

agent tailer on except(union(web, tier.core), tier.core) {
  source numbers : seq

  channel spool : file = small()

  numbers -> spool
}

tailer.spool => tier.collector.inbox {
  port = 4141
  tls = mutual
}
"""
    fleet, diagnostics = bound({"main.flow": main, "tier.flow": TIER})

    assert said(diagnostics) == []
    assert fleet.links[0].targets[0].agent == "tier.collector"
    assert [host.name for host in fleet.agents["tailer"].hosts.hosts] == ["web-1"]


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        ({"main.flow": 'import "main.flow" as me\n'}, "`main.flow` imports itself"),
        (
            {"main.flow": 'import "a.flow" as a\n', "a.flow": 'import "./main.flow" as b\n'},
            "imports go in a circle: main.flow -> a.flow -> main.flow",
        ),
        (
            {
                "main.flow": 'import "x/a.flow" as a\n',
                "x/a.flow": 'import "b.flow" as b\n',
                "x/b.flow": 'import "a.flow" as a\n',
            },
            "imports go in a circle: x/a.flow -> x/b.flow -> x/a.flow",
        ),
    ],
)
def test_a_circle_of_imports_is_one_error_with_its_chain(files: dict[str, str], chain: str) -> None:
    _, diagnostics = bound(files)

    assert [one.message for one in diagnostics] == [chain]
    assert [one.code for one in diagnostics] == ["FL120"]


def test_a_circle_between_given_files_is_said_once() -> None:
    files = {"a.flow": 'import "b.flow" as b\n', "b.flow": 'import "a.flow" as a\n'}

    assert [one.code for one in bound(files, "a.flow", "b.flow")[1]] == ["FL120"]


def test_what_an_unreadable_import_would_have_said_is_not_missed() -> None:
    main = """\
import "gone.flow" as gone

hosts all = union(gone.web, gone.core)

agent tailer on gone.web {
  source numbers : seq

  channel spool : file = gone.small()

  numbers -> spool
}

tailer.spool => gone.collector.inbox {
  port = 4141
  tls = mutual
}
"""
    assert said(bound({"main.flow": main})[1]) == [
        "FL121 main.flow:1 cannot read `gone.flow`: no such file or directory"
    ]


def test_a_given_file_that_is_missing_or_no_text_is_reported() -> None:
    assert [one.code for one in bound({}, "gone.flow")[1]] == ["FL121"]
    assert len(bound({"main.flow": b"\xff\xfe\x00"})[1]) == 1


def test_given_files_are_one_fleet() -> None:
    files = {
        "a.flow": 'hosts web = ["web-1"]\nparam room : size = 1GiB\n',
        "b.flow": """\
agent tailer on web {
  source numbers : seq

  channel spool : file {
    size = room
  }

  sink out : null

  numbers -> spool
  spool -> out
}
""",
    }
    fleet, diagnostics = bound(files, "a.flow", "b.flow")

    assert said(diagnostics) == []
    assert fleet.agents["tailer"].hosts.name == "web"


def test_what_the_second_agent_of_a_name_alone_mentions_is_not_called_unused() -> None:
    own = 'hosts {0} = ["{0}-1"]\n\nagent tailer on {0} {{\n}}\n'
    fleet, diagnostics = bound(
        {"a.flow": own.format("web"), "b.flow": own.format("core")}, "a.flow", "b.flow"
    )

    assert said(diagnostics) == [
        "FL103 b.flow:3 two of the given files, all one fleet, declare the agent `tailer`"
    ]
    assert fleet.unused == []


def test_a_name_in_two_given_files_is_an_error_that_names_both() -> None:
    files = {"a.flow": 'hosts web = ["web-1"]\n', "b.flow": 'hosts web = ["web-2"]\n'}
    _, diagnostics = bound(files, "a.flow", "b.flow")

    assert said(diagnostics) == [
        "FL103 b.flow:1 two of the given files, all one fleet, declare the host set `web`"
    ]
    assert [str(place.span) for place in diagnostics[0].places] == ["a.flow:1"]


def test_given_files_may_import_the_same_file_by_the_same_name() -> None:
    files = {
        "a.flow": 'import "tier.flow" as tier\n',
        "b.flow": 'import "tier.flow" as tier\n',
        "tier.flow": TIER,
    }
    fleet, diagnostics = bound(files, "a.flow", "b.flow")

    assert said(diagnostics) == []
    assert list(fleet.agents) == ["tier.collector"]


def test_the_same_file_given_twice_is_given_once() -> None:
    assert bound({"main.flow": TIER}, "main.flow", "./main.flow")[1] == []


def test_set_wins_over_flowvars_and_a_later_file_over_an_earlier() -> None:
    files = {
        "main.flow": TIER,
        "a.flowvars": 'stage = "a"\nroom = 2GiB\n',
        "b.flowvars": 'stage = "b"\n',
    }
    flowvars = (Path("a.flowvars"), Path("b.flowvars"))
    fleet, diagnostics = bound(files, options=Options(flowvars=flowvars))
    assert said(diagnostics) == []
    assert fleet.host_sets["core"].hosts[0].name == "core-1.b.example.com"
    assert fleet.agents["collector"].components["inbox"].values["size"].value == 2 * 2**30

    fleet, _ = bound(files, options=Options(sets={"stage": "c"}, flowvars=flowvars))
    assert fleet.host_sets["core"].hosts[0].name == "core-1.c.example.com"


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("string", "4GiB and more", "4GiB and more"),
        ("path", "/srv/a b", Path("/srv/a b")),
        ("url", "hdfs://nn/logs", "hdfs://nn/logs"),
        ("size", "4GiB", 4 * 2**30),
        ("duration", "1h30m", 5400),
        ("rate", "5_000/s", 5000),
        ("percent", "90%", 0.9),
        ("number", "12", 12),
        ("bool", "true", True),
        ("list(string)", "a, b", ("a", "b")),
        ("list(size)", "[1GiB, 2GiB]", (2**30, 2**31)),
        ("list(string)", '["a, b", "c"]', ("a, b", "c")),
        ("list(string)", "", ()),
    ],
)
def test_set_reads_a_text_by_the_type_of_its_param(type_: str, text: str, value: object) -> None:
    main = f"param x : {type_}\n\nagent a on h {{\n  source s : my.plugin {{\n    x = x\n  }}\n}}\n"
    main += '\nhosts h = ["h"]\n'
    fleet, diagnostics = bound({"main.flow": main}, options=Options(sets={"x": text}))

    assert said(diagnostics) == []
    found = fleet.agents["a"].components["s"].values["x"].value
    assert found == value or str(found) == str(value)


@pytest.mark.parametrize(
    ("sets", "message", "line"),
    [
        (
            {"lake": "hdfs"},
            "`lake` must be a url, `scheme://…`, not `hdfs`",
            "--set lake=hdfs",
        ),
        ({"lake": "a://b", "rom": "1GiB"}, "there is no param `rom`", "--set rom=1GiB"),
        (
            {"lake": "a://b", "room": "10mb"},
            "unknown unit `mb`: MB or MiB?",
            "--set room=10mb",
        ),
        (
            {"lake": "a://b", "room": "much"},
            "`room` must be a size such as `4GiB`, but this is a text",
            "--set room=much",
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_shown_there(
    sets: dict[str, str], message: str, line: str
) -> None:
    main = "param lake : url\nparam room : size = 1GiB\n"
    _, diagnostics = bound({"main.flow": main}, options=Options(sets=sets))

    assert [one.message for one in diagnostics] == [message]
    assert diagnostics[0].span.source.path == "command line"
    assert diagnostics[0].span.source.line(1) == line
    wrong = line[diagnostics[0].span.start : diagnostics[0].span.end]
    assert wrong in (*sets, *sets.values())


def test_a_mistake_in_a_flowvars_file_is_shown_there() -> None:
    files = {"main.flow": TIER, "x.flowvars": '# mine\nstage = "dev"\nroom = 10mb\nrom = 5GiB\n'}
    _, diagnostics = bound(files, options=Options(flowvars=(Path("x.flowvars"),)))

    assert said(diagnostics) == [
        "FL131 x.flowvars:4 there is no param `rom`",
        "FL205 x.flowvars:3 unknown unit `mb`: MB or MiB?",
    ]
    assert [one.span.column for one in diagnostics] == [1, 8]


def test_the_environment_is_a_default_only() -> None:
    main = """\
param lake : url = env("LAKE")

hosts web = ["web-1"] {
  site = lake
}
"""
    options = Options(environment={"LAKE": "hdfs://from/environment"})
    fleet, diagnostics = bound({"main.flow": main}, options=options)
    assert said(diagnostics) == []
    assert fleet.host_sets["web"].hosts[0].facts["site"] == "hdfs://from/environment"

    options = Options(sets={"lake": "hdfs://set"}, environment={"LAKE": "hdfs://environment"})
    fleet, _ = bound({"main.flow": main}, options=options)
    assert fleet.host_sets["web"].hosts[0].facts["site"] == "hdfs://set"

    otherwise = main.replace('("LAKE")', '("LAKE", "hdfs://else")')
    fleet, diagnostics = bound({"main.flow": otherwise})
    assert said(diagnostics) == []
    assert fleet.host_sets["web"].hosts[0].facts["site"] == "hdfs://else"
    fleet, _ = bound({"main.flow": otherwise}, options=Options(environment={"LAKE": "a://b"}))
    assert fleet.host_sets["web"].hosts[0].facts["site"] == "a://b"

    assert [one.code for one in bound({"main.flow": main})[1]] == ["FL130"]
    bad = bound({"main.flow": main}, options=Options(environment={"LAKE": "lake"}))[1]
    assert said(bad) == ["FL213 environment:1 `lake` must be a url, `scheme://…`, not `lake`"]


def test_every_file_that_was_read_is_a_source_of_the_fleet() -> None:
    files = {
        "main.flow": 'import "tier.flow" as tier\nhosts web = inventory("hosts.ini")\n',
        "tier.flow": TIER,
        "hosts.ini": "web-1\n",
        "x.flowvars": "",
    }
    fleet, _ = bound(files, options=Options(flowvars=(Path("x.flowvars"),)))

    assert sorted(source.path for source in fleet.sources) == sorted(files)


def test_what_nothing_uses_is_listed() -> None:
    main = """\
param a : size = 1GiB
param b : size = 1GiB
let c = 5m
let d = c

template t(room : size) {
  size = room
}

import "hosts.flow" as unused
import "tier.flow" as tier

hosts web = ["web-1"] {
  disk = b
}
"""
    files = {"main.flow": main, "hosts.flow": 'hosts x = ["x-1"]\n', "tier.flow": TIER}
    fleet, diagnostics = bound(files)

    assert said(diagnostics) == []
    assert [(kind, name) for kind, name, _ in fleet.unused] == [
        ("param", "a"),
        ("let", "d"),
        ("template", "t"),
        ("import", "unused"),
    ]


def test_an_imports_block_sets_each_param_once_and_nothing_else() -> None:
    main = """\
import "tier.flow" as tier {
  stage = "a"
  stage = "b"
  stag = "c"
  room {
    size = 1GiB
  }
}
"""
    _, diagnostics = bound({"main.flow": main, "tier.flow": TIER})

    assert said(diagnostics) == [
        "FL202 main.flow:3 `stage` is set twice",
        "FL150 main.flow:5 a block `room` cannot stand in the block of an import",
        "FL131 main.flow:4 there is no param `stag`",
    ]
    assert diagnostics[2].hint == "did you mean `stage`?"


def test_a_param_that_an_import_must_set_is_missing_in_the_imported_file() -> None:
    files = {
        "main.flow": 'import "tier.flow" as tier\n',
        "tier.flow": 'param room : size\nhosts web = ["web-1"] {\n  disk = room\n}\n',
    }
    _, diagnostics = bound(files)

    assert said(diagnostics) == ["FL130 tier.flow:1 the param `room` has no value"]
    assert diagnostics[0].hint == "set `room = …` in the import's block, or give it a default"


def test_an_inventory_has_to_be_readable() -> None:
    main = """\
hosts one = inventory("a\\0b")
hosts two = inventory("latin.ini")
hosts three = inventory("hosts.ini", group = "wbe")
hosts four = inventory("hosts.ini", group = "xyz")
"""
    files: dict[str, str | bytes] = {
        "main.flow": main,
        "latin.ini": "[w\u00e9b]\n".encode("latin-1"),
        "hosts.ini": "[web]\na\n",
    }

    def read(path: Path) -> str | bytes:
        return Path(path).read_bytes() if "\0" in str(path) else files[str(path)]

    _, diagnostics = bind([Path("main.flow")], Options(), read)

    assert said(diagnostics) == [
        "FL121 main.flow:1 cannot read `a\0b`: embedded null byte",
        "FL121 main.flow:2 cannot read `latin.ini`: it is not text in UTF-8 (byte 2)",
        "FL506 main.flow:3 `hosts.ini` has no group `wbe`",
        "FL506 main.flow:4 `hosts.ini` has no group `xyz`",
    ]
    assert [one.hint for one in diagnostics[2:]] == [
        "did you mean `web`?",
        "its groups are all, web",
    ]


def test_the_nearest_name_may_be_an_imports() -> None:
    main = """\
import "tier.flow" as tier

hosts web = ["web-1"] {
  disk = tier.rom
}
"""
    _, diagnostics = bound({"main.flow": main, "tier.flow": TIER})

    assert [(one.message, one.hint) for one in diagnostics] == [
        ("`tier.rom` is not defined", "did you mean `tier.room`?")
    ]


def test_what_an_import_names_can_be_a_value() -> None:
    main = """\
import "tier.flow" as tier

hosts web = ["web-1"] {
  disk = tier.room
  site = "${tier.stage}"
}
"""
    fleet, diagnostics = bound({"main.flow": main, "tier.flow": TIER})

    assert said(diagnostics) == []
    assert fleet.host_sets["web"].hosts[0].facts == {"disk": 2**30, "site": "prod"}


def test_a_line_of_a_flowvars_file_that_cannot_be_read_is_shown_there() -> None:
    files = {"main.flow": TIER, "x.flowvars": 'stage = "dev\nroom = 5GiB\n'}
    _, diagnostics = bound(files, options=Options(flowvars=(Path("x.flowvars"),)))

    assert said(diagnostics) == ["FL002 x.flowvars:1 the text has no closing quote"]
