"""Where a host's facts stand: findings point there, and into the inventory that has them."""

from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Host
from flumec.compiler.source import Span

INVENTORY = """\
[web]
web-1 room=10GiB ansible_host=10.0.0.1
web-2 room=900GiB
"""
FLOW = """\
hosts web = inventory("hosts.ini", group = "web") {
  disk = host.vars.room
  site = "north"
  vars {
    room : size
  }
}

hosts all = union(web, ["core-1"]) {
  memory = 64MiB
}

hosts again = ["web-2"] {
  weight = 3
}

agent a on all {
  source numbers : seq

  channel spool : file {
    size = 40GiB
  }

  sink out : null

  numbers -> spool
  spool -> out
}
"""


def linted() -> tuple[dict[str, Host], tuple[Diagnostic, ...]]:
    found = lint_text(FLOW, "main.flow", FILES)
    return {host.name: host for host in found.fleet.host_sets["all"].hosts}, found.diagnostics


FILES = {"hosts.ini": INVENTORY}


def words(span: Span) -> tuple[str, str]:
    return span.source.path, span.source.text[span.start : span.end]


def test_each_fact_has_the_places_that_say_it() -> None:
    hosts, _ = linted()
    one = hosts["web-1"]
    assert [words(place) for place in one.places_of("disk")] == [
        ("main.flow", "host.vars.room"),
        ("hosts.ini", "room=10GiB"),
    ]
    assert [words(place) for place in one.places_of("address")] == [
        ("hosts.ini", "ansible_host=10.0.0.1")
    ]
    assert [words(place) for place in one.places_of("site")] == [("main.flow", '"north"')]
    assert [words(place) for place in one.places_of("memory")] == [("main.flow", "64MiB")]
    assert [words(place) for place in one.places_of("nic")] == [("hosts.ini", "web-1")]


def test_a_set_that_says_more_of_a_machine_has_its_place_too() -> None:
    hosts, _ = linted()
    assert [words(place) for place in hosts["web-2"].places_of("weight")] == [("main.flow", "3")]


def test_a_disk_that_is_too_small_is_shown_where_it_is_said() -> None:
    _, found = linted()
    (disk,) = [each for each in found if each.code == "FL620"]
    assert words(disk.span) == ("main.flow", "host.vars.room")
    assert [words(place.span) for place in disk.places] == [
        ("hosts.ini", "room=10GiB"),
        ("main.flow", "size"),
    ]
    assert [place.text for place in disk.places] == [
        "`web-1` has it here",
        "a.spool: 40GiB",
    ]
