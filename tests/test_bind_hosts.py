"""Host sets: patterns, lists, inventories as Ansible reads them, sets of sets, facts, variables."""

import string
from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.bind.brace import MOST_HOSTS, PatternError, expand
from flumec.compiler.bind.inventory import Inventory
from flumec.compiler.bind.inventory_ini import read_ini
from flumec.compiler.bind.inventory_yaml import read_yaml
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Fleet, HostSet
from flumec.compiler.options import Options
from flumec.compiler.source import Source
from flumec.runtime.quantity import Rate, Size
from hypothesis import given
from hypothesis import strategies as st

INI = """\
# The fleet, as Ansible has it.
mail.example.com ansible_port=5555

[web]
web-[01:03].example.com log_dir=/var/log/nginx
web-9.example.com:2222 ansible_host=10.0.0.9 log_dir="/srv/log 9" # the odd one
; a comment

[core]
core-[a:c] weight=2

[old:children]
web

[everything:children]
old
core

[web:vars]
room=4GiB
log_dir=/never/seen

[everything:vars]
room = 1GiB
site='north'

[all:vars]
site=nowhere
owner=ops
"""

YAML = """\
all:
  hosts:
    mail.example.com:
      ansible_port: 5555
  vars:
    site: nowhere
    owner: ops
  children:
    everything:
      vars:
        room: 1GiB
        site: north
      children:
        old:
          children:
            web:
              vars:
                room: 4GiB
                log_dir: /never/seen
              hosts:
                web-[01:03].example.com:
                  log_dir: /var/log/nginx
                web-9.example.com:
                  ansible_host: 10.0.0.9
                  log_dir: "/srv/log 9"
        core:
          hosts:
            core-[a:c]:
              weight: 2
"""

WEB = [
    "web-01.example.com",
    "web-02.example.com",
    "web-03.example.com",
    "web-9.example.com",
]
CORE = ["core-a", "core-b", "core-c"]


def bound(text: str, **files: str) -> tuple[Fleet, list[Diagnostic]]:
    contents = {"main.flow": text} | {name.replace("_", "."): body for name, body in files.items()}

    def read(path: Path) -> bytes:
        if str(path) not in contents:
            raise FileNotFoundError(2, "No such file or directory")
        return contents[str(path)].encode()

    return bind([Path("main.flow")], Options(), read)


def clean(text: str, **files: str) -> dict[str, HostSet]:
    fleet, diagnostics = bound(text, **files)
    assert [(one.code, str(one.span), one.message) for one in diagnostics] == []
    return fleet.host_sets


def names(hosts: HostSet) -> list[str]:
    assert [host.index for host in hosts.hosts] == list(range(len(hosts.hosts)))
    return [host.name for host in hosts.hosts]


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("web", ["web"]),
        ("web-{8..10}", ["web-8", "web-9", "web-10"]),
        ("web-{08..10}", ["web-08", "web-09", "web-10"]),
        ("web-{0..2}", ["web-0", "web-1", "web-2"]),
        ("{a,b}-{1..2}", ["a-1", "a-2", "b-1", "b-2"]),
        ("{x..z}.example.com", ["x.example.com", "y.example.com", "z.example.com"]),
        ("{ east , west }-1", ["east-1", "west-1"]),
        ("{5..5}", ["5"]),
    ],
)
def test_a_pattern_stands_for_its_hosts(pattern: str, hosts: list[str]) -> None:
    assert expand(pattern) == hosts


@given(st.text(alphabet=string.ascii_letters + string.digits + "{},.-"))
def test_a_pattern_is_expanded_or_refused_at_a_place_within_it(pattern: str) -> None:
    hosts, error = [], None
    try:
        hosts = expand(pattern)
    except PatternError as refused:
        error = refused
    inside = error is not None and 0 <= error.start < error.end <= len(pattern)

    assert inside or 1 <= len(hosts) <= MOST_HOSTS


def test_the_most_hosts_are_not_too_many() -> None:
    assert len(expand("{00001..99999}")) == 99_999
    assert len(expand("{0..9}{0..9}{0..9}{0..9}{0..9}")) == MOST_HOSTS
    with pytest.raises(PatternError, match="1,000,000"):
        expand("{0..9}{0..9}{0..9}{0..9}{0..9}{0..9}")
    with pytest.raises(PatternError):
        expand("{1..999999999999}{1..999999999999}")


def read(text: str) -> Inventory:
    source = Source("hosts", text)
    return read_yaml(source) if text.startswith("all:") else read_ini(source)


@pytest.mark.parametrize("text", [INI, YAML], ids=["ini", "yaml"])
def test_an_inventory_has_its_groups_and_their_children(text: str) -> None:
    inventory = read(text)

    assert list(inventory.hosts_of("web")) == WEB
    assert list(inventory.hosts_of("old")) == WEB
    assert list(inventory.hosts_of("everything")) == [*WEB, *CORE]
    assert set(inventory.hosts_of("all")) == {"mail.example.com", *WEB, *CORE}


@pytest.mark.parametrize("text", [INI, YAML], ids=["ini", "yaml"])
def test_the_nearest_variable_wins(text: str) -> None:
    inventory = read(text)
    variables = inventory.vars_by_host(inventory.hosts_of("all"))
    found = {
        host: {name: value.text for name, value in sorted(texts.items())}
        for host, texts in variables.items()
    }

    everywhere = {"owner": "ops", "site": "north"}
    assert found["web-02.example.com"] == {
        "log_dir": "/var/log/nginx",
        "room": "4GiB",
        **everywhere,
    }
    assert found["web-9.example.com"] == {
        "ansible_host": "10.0.0.9",
        "log_dir": "/srv/log 9",
        "room": "4GiB",
        **everywhere,
    }
    assert found["core-b"] == {"room": "1GiB", "weight": "2", **everywhere}
    assert found["mail.example.com"] == {
        "ansible_port": "5555",
        "owner": "ops",
        "site": "nowhere",
    }


@pytest.mark.parametrize("text", [INI, YAML], ids=["ini", "yaml"])
def test_a_variables_place_is_its_line(text: str) -> None:
    inventory = read(text)
    host = "web-9.example.com"
    value = inventory.vars_by_host({host: inventory.hosts_of("web")[host]})[host]["log_dir"]

    assert "/srv/log 9" in value.span.source.line(value.span.line)
    assert "/srv/log 9" in text[value.span.start : value.span.end]


def test_groups_in_a_circle_end() -> None:
    inventory = read("[a:children]\nb\n[b:children]\na\n[b]\nx y=1\n[a:vars]\nz=2\n")

    assert list(inventory.hosts_of("a")) == ["x"]
    assert set(inventory.vars_by_host(inventory.hosts_of("a"))["x"]) == {"y", "z"}


@pytest.mark.parametrize(
    ("name", "text", "message", "line"),
    [
        ("hosts.ini", "[web\nx\n", "`[web` is no section", 1),
        ("hosts.ini", "[web:vars]\nx\n", "`x` is no variable", 2),
        ("hosts.ini", "[web]\nx y\n", "`y` is no variable of a host", 2),
        ("hosts.ini", "a\nweb[01:a]\n", "`[01:a]` is no range", 2),
        ("hosts.ini", "web[9:1]\n", "`[9:1]` runs backwards", 1),
        ("hosts.ini", "web[1:999999]\n", "`[1:999999]` is more than 100,000 hosts", 1),
        ("hosts.yml", "all:\n  host: x\n", "a group has hosts, children, vars, not `host`", 2),
        ("hosts.yml", "all:\n  hosts: [x]\n", "`hosts` is a mapping", 2),
        ("hosts.yml", "all: {\n", "it is no YAML", 2),
        ("hosts.yml", "- all\n", "an inventory is a mapping", 1),
    ],
)
def test_a_broken_inventory_is_refused_at_its_line(
    name: str, text: str, message: str, line: int
) -> None:
    _, diagnostics = bound(f'hosts web = inventory("{name}")\n', **{name.replace(".", "_"): text})

    assert [one.code for one in diagnostics] == ["FL505"]
    assert message in diagnostics[0].message
    assert (diagnostics[0].span.source.path, diagnostics[0].span.line) == (name, line)


@pytest.mark.slow
@given(st.text(alphabet="[]:=abc019\n \"'#{}-", max_size=60))
def test_any_text_is_an_inventory_or_refused(text: str) -> None:
    for name in ("hosts_ini", "hosts_yml"):
        path = name.replace("_", ".")
        bound(f'hosts web = inventory("{path}")\n', **{name: text})


def test_typed_variables_are_filled_in_by_the_inventory() -> None:
    text = """\
hosts web = inventory("hosts.ini", group = "web") {
  nic = 1GB/s
  site = host.vars.site

  vars {
    log_dir : path
    room : size
    site : string
    workers : number = 4
    urgent : bool = true
  }
}
"""
    web = clean(text, hosts_ini=INI)["web"]

    assert names(web) == WEB
    assert web.hosts[0].vars == {
        "log_dir": Path("/var/log/nginx"),
        "room": Size("4GiB"),
        "site": "north",
        "workers": 4,
        "urgent": True,
    }
    assert web.hosts[3].vars["log_dir"] == Path("/srv/log 9")
    assert web.hosts[3].address == "10.0.0.9"
    assert web.hosts[0].address == WEB[0]
    assert web.hosts[0].facts == {"nic": Rate("1GB/s"), "site": "north"}


def test_a_variable_of_another_type_is_shown_in_the_inventory() -> None:
    text = """\
hosts web = inventory("hosts.ini") {
  vars {
    room : size
    size : number
    tmpl : string
  }
}
"""
    ini = '[web]\na room=10mb size=many tmpl="{{ x }}"\nb room=1GiB size=5 tmpl=x\n'
    _, diagnostics = bound(text, hosts_ini=ini)

    assert [(one.code, str(one.span), one.message) for one in diagnostics] == [
        ("FL205", "hosts.ini:2", "unknown unit `mb`: MB or MiB?"),
        ("FL204", "hosts.ini:2", "`size` must be a number, but this is a text"),
        (
            "FL508",
            "hosts.ini:2",
            "`tmpl` is a template that only Ansible can fill in: `{{ x }}`",
        ),
    ]


def test_a_host_that_lacks_a_variable_is_named() -> None:
    text = 'hosts web = inventory("hosts.ini") {\n  vars {\n    x : string\n  }\n}\n'
    _, diagnostics = bound(text, hosts_ini="a x=1\nb\nc\nd\ne\n")

    assert [one.message for one in diagnostics] == ["`x` has no value on `b`, `c`, `d` and 1 more"]
    assert [str(place.span) for place in diagnostics[0].places] == ["hosts.ini:2"]


def test_an_inventory_is_beside_the_file_that_names_it() -> None:
    contents = {
        "main.flow": 'import "tier/web.flow" as tier\nhosts all = union(tier.web)\n',
        "tier/web.flow": 'hosts web = inventory("hosts.ini")\n',
        "tier/hosts.ini": "x-1\n",
    }
    fleet, diagnostics = bind(
        [Path("main.flow")], Options(), lambda path: contents[str(path)].encode()
    )

    assert diagnostics == []
    assert names(fleet.host_sets["tier.web"]) == ["x-1"]


def test_sets_of_sets() -> None:
    sets = clean("""\
let domain = "example.com"
hosts edge = except(all, core)
hosts all = union(union(web, core), more)
hosts web = "web-{1..2}.${domain}" {
  disk = 10GiB
}
hosts core = ["core-1"]
hosts more = ["web-2.example.com", "m-{1..2}", domain]
hosts same = all
""")
    everything = ["web-1.example.com", "web-2.example.com", "core-1", "m-1", "m-2", "example.com"]

    assert names(sets["all"]) == everything
    assert names(sets["same"]) == everything
    assert names(sets["edge"]) == [name for name in everything if name != "core-1"]
    assert list(sets) == ["edge", "all", "web", "core", "more", "same"]


def test_a_machine_has_the_facts_of_every_set_it_is_in() -> None:
    sets = clean("""\
hosts web = ["a", "b"] {
  disk = 10GiB
  address = "${host.name}.internal"
}
hosts edge = ["b", "c"] {
  user = "edge"
}
hosts both = union(web, edge) {
  site = "here"
}
""")

    assert sets["web"].hosts[1].facts == sets["edge"].hosts[0].facts
    assert sets["edge"].hosts[0].facts == {
        "disk": Size("10GiB"),
        "address": "b.internal",
        "user": "edge",
    }
    assert sets["both"].hosts[1].facts == {**sets["web"].hosts[1].facts, "site": "here"}
    assert sets["edge"].hosts[1].facts == {"user": "edge"}


def test_variables_may_stand_on_sets_of_sets() -> None:
    sets = clean(
        """\
let names = ["x-1", "x-2"]
hosts x = names {
  vars {
    folder : path = "/${host.name}"
  }
}
hosts web = inventory("hosts.ini") {
  vars {
    folder : path
  }
}
hosts all = union(x, web) {
  vars {
    folder : path
    room : size = 1GiB
  }
}
""",
        hosts_ini="w-1 folder=/srv\n",
    )

    assert [host.vars for host in sets["all"].hosts] == [
        {"folder": Path("/x-1"), "room": 2**30},
        {"folder": Path("/x-2"), "room": 2**30},
        {"folder": Path("/srv"), "room": 2**30},
    ]


def test_a_yaml_inventory_may_say_little() -> None:
    assert list(read("all:\n").hosts_of("all")) == []
    assert list(read_yaml(Source("hosts.yml", "")).hosts_of("all")) == []
    inventory = read("""\
all:
  hosts: {a: , b: {x: yes, y: [1]}}
  children:
    web: &w {hosts: {c: }}
    core: *w
""")
    assert list(inventory.hosts_of("all")) == ["a", "b", "c"]
    assert list(inventory.hosts_of("core")) == ["c"]
    assert {n: v.text for n, v in inventory.host_vars["b"].items()} == {"x": "true"}


def test_hosts_may_stand_in_the_agent_itself() -> None:
    fleet, diagnostics = bound("""\
hosts web = ["web-1"] {
  disk = 1GiB
}

agent one on union(web, other) {
}

agent two on ["x-1", "web-1"] {
}

agent three on "y-{1..2}" {
}

hosts other = ["o-1"]
""")
    assert diagnostics == []
    sets = [agent.hosts for agent in fleet.agents.values()]
    assert [names(hosts) for hosts in sets] == [["web-1", "o-1"], ["x-1", "web-1"], ["y-1", "y-2"]]
    assert sets[0].name == "union(web, other)"
    assert sets[1].hosts[1].facts == {"disk": Size("1GiB")}


@pytest.mark.parametrize(
    ("address", "code"),
    [('""', "FL206"), ('"a b"', "FL206"), ('"{{ ip }}"', "FL508"), ("10.0.0.7", ""), ("::1", "")],
)
def test_an_inventorys_address_is_held_to_what_a_host_can_have(address: str, code: str) -> None:
    hosts = 'hosts web = inventory("hosts.ini")\n'
    inventory = f"web-1 ansible_host={address}\n"

    found = lint_text(hosts, files={"hosts.ini": inventory}).diagnostics

    assert [one.code for one in found] == ([code] if code else [])
    assert all(one.span.source.path == "hosts.ini" for one in found)


@pytest.mark.slow
def test_a_list_of_patterns_has_a_most_of_hosts_too() -> None:
    found = lint_text('hosts many = ["a{1..60000}", "b{1..60000}"]\n').diagnostics

    assert [(one.code, one.message) for one in found] == [
        (
            "FL504",
            "too many hosts: this list has 120,000 hosts or more, and 100,000 is the most",
        )
    ]


def test_a_templates_body_may_have_meant_a_name_of_its_file() -> None:
    found = lint_text(
        """\
let room = 1GiB

template spool() {
  size = rooom
}

hosts web = ["web-1"]

agent a on web {
  source numbers : seq

  channel c : file = spool()

  sink out : null

  numbers -> c
  c -> out
}
"""
    ).diagnostics

    assert [(one.code, one.hint) for one in found] == [("FL101", "did you mean `room`?")]
