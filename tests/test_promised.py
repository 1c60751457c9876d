"""What is claimed of events stands where an operator of a host looks: its page, and its units."""

import re

from flumec.compiler.build import compile_text
from flumec.compiler.emit import emit

LINK = " {{\n  port = {port}\n  tls = mutual\n}}\n"
FLOW = (
    """\
hosts web = ["web-1"]

hosts hub = ["hub-1"]

hosts core = ["core-1"]

hosts aside = ["aside-1"]

agent a on web {
  source numbers : seq

  channel out : file

  numbers -> out
}

agent b on hub {
  channel passing : file
}

agent c on core {
  channel inbox : file

  sink kept : file_roll {
    directory = "/srv/kept"
  }

  inbox -> kept
}

agent d on aside {
  source others : seq

  channel live : memory

  sink shown : logger

  others -> live
  live -> shown
}

a.out => b.passing"""
    + LINK.format(port=4141)
    + "\nb.passing => c.inbox"
    + LINK.format(port=4142)
)
TITLE = "What becomes of the events that come by"


def built(text: str) -> dict[str, str]:
    compiled = compile_text(text)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    return {name: content.decode() for name, content in emit(compiled.plan).items()}


def promised(page: str) -> list[str]:
    """Return what a page claims: the first line of each sentence."""
    return re.findall(r"^    (\S+ -> .*)$", page.partition(TITLE)[2], re.MULTILINE)


def test_each_host_that_events_come_by_has_what_is_claimed_of_them() -> None:
    files = built(FLOW)

    for host in ("web-1", "hub-1", "core-1"):
        assert promised(files[f"{host}/README.md"]) == ["a.numbers -> c.kept: exactly once"]
    assert promised(files["aside-1/README.md"]) == ["d.others -> d.shown: best effort"]


def test_it_is_the_whole_sentence() -> None:
    _, _, page = built(FLOW)["hub-1/README.md"].partition(TITLE)
    parts = re.findall(r"^      (\w+(?: \w+)?)  ", page, re.MULTILINE)

    assert parts == ["from", "through", "not through", "order", "weakest"]
    assert "disk lost: loses at a.out" in page


def test_the_page_of_the_fleet_and_the_unit_have_it_in_a_line() -> None:
    files = built(FLOW)

    assert "\n- a.numbers -> c.kept: exactly once\n" in files["README.md"]
    unit = files["hub-1/systemd/flumec-b.service"]
    assert "# a.numbers -> c.kept: exactly once\n" in unit
    assert "file:/opt/flumec/current/README.md" in unit


def test_a_unit_has_no_more_than_some() -> None:
    sinks = "".join(f"  channel m{n} : memory\n\n  sink s{n} : logger\n\n" for n in range(12))
    ways = "".join(f"  others -> m{n}\n  m{n} -> s{n}\n" for n in range(12))
    files = built(FLOW.replace("  others -> live\n", f"{sinks}{ways}  others -> live\n"))

    unit = files["aside-1/systemd/flumec-d.service"]
    assert len(re.findall(r"^# d\.others -> ", unit, re.MULTILINE)) == 8
    assert "# and 5 more: README.md has all\n" in unit
    assert len(promised(files["aside-1/README.md"])) == 13
