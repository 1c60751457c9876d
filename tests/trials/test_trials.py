"""`flumec test`: what a test block may say, and what is said when it is not so."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result
from flumec.compiler.build import compile_text
from flumec.compiler.cli import flumec
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.trials.running import Runs

GATEWAY = """\
hosts edge = ["edge-1"]

agent gateway on edge {
  source events : http {
    port = 8080
  }

  source logs : taildir {
    files = ["/var/log/app.log"]
    rotated = ["/var/log/app.log.*"]
  }

  channel clicks : memory

  channel audit : file

  channel archive : file

  sink shown : logger

  sink primary : hdfs {
    path = "hdfs://nn.example.com/audit/%Y-%m-%d"

    roll {
      every = 10s
    }
  }

  sink backup : file_roll {
    directory = "/srv/audit"

    roll {
      every = 10s
    }
  }

  sink cold : file_roll {
    directory = "/srv/archive"

    roll {
      every = 10s
    }
  }

  events -> regex_extract(r"user=(\\w+)", into = [header.user]) -> route header.kind {
    "audit" -> audit, archive?
    "click" -> clicks
    else -> drop
  }

  logs -> audit
  clicks -> shown
  audit -> failover(primary, backup)
  archive -> cold
}
"""

TIERS = """\
hosts web = ["web-1", "web-2"] {
  site = "north"
}
hosts core = ["core-1"]

agent tailer on web {
  source access : taildir {
    files = ["/var/log/access.log"]
  }

  channel spool : file

  access -> spool
}

agent collector on core {
  channel inbox : file

  sink store : file_roll {
    directory = "/srv/logs"

    roll {
      every = 10s
    }
  }

  inbox -> store
}

tailer.spool => collector.inbox {
  port = 4141
  policy = single
}
"""


def said(fleet: str, *statements: str, seed: int = 0) -> Diagnostic | None:
    """Run one test; return what it has to say."""
    block = "\n".join(["", 'test "it" {', *(f"  {one}" for one in statements), "}", ""])
    compiled = compile_text(fleet + block)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    outcome = Runs(compiled.fleet, compiled.plan, compiled.fleet.trials, seed).one(0)
    assert not outcome.failure, outcome.failure
    return outcome.finding


AUDIT = 'send(gateway.events, headers(kind = "audit"), body = "user=ann login")'


@pytest.mark.parametrize(
    "statements",
    [
        (AUDIT, 'send(gateway.events, headers(kind = "ping"))',
         'expect(gateway.primary, count = 1, header.user = "ann")',
         "expect(gateway.cold, count = 1)", "expect(gateway.events, dropped = 1)"),
        (AUDIT, 'expect(gateway.primary, body = r"user=\\w+ log", header.user = r"^a")'),
        (AUDIT, 'expect(gateway.primary, count = 0, body = "login")'),
        (AUDIT, "advance(5s)", "expect(gateway.primary, count = 0, within = 1s)",
         "expect(gateway.primary, count = 1, within = 1m)"),
        ("send(gateway.logs, count = 5)", "rotate(gateway.logs)", "send(gateway.logs, count = 5)",
         "expect(gateway.primary, count = 10, unique = true, order = source)"),
        ("outage(gateway.primary, 2h)", AUDIT, "expect(gateway.backup, count = 1)",
         "expect(gateway.primary, count = 0)"),
        ('send(gateway.logs, body = "a", count = 3)',
         "expect(gateway.primary, duplicates = 2)"),
        ('send(gateway.logs, file = "/var/log/app.log", body = "x")',
         'expect(gateway.primary, count = 1, body = "x")'),
        ("kill(gateway, down = 1m)", AUDIT, "expect(gateway.primary, count = 0, within = 30s)",
         "expect(gateway.primary, count = 1)"),
        (AUDIT, "advance(1s)", 'power("edge-1")', "expect(gateway.primary, count = 1)",
         "expect(gateway.audit, count = 0)"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_so_is_passed(statements: tuple[str, ...]) -> None:
    assert said(GATEWAY, *statements) is None


@pytest.mark.parametrize(
    ("statements", "wanted", "came", "lines"),
    [
        ((AUDIT, 'expect(gateway.primary, count = 1, header.user = "bob")'),
         'expected 1 event at `gateway.primary` with header.user = "bob"',
         "1 event came, 0 like that",
         ('- 1 event with header.user = "bob"',
          '+ "user=ann login"  user = "ann", kind = "audit"')),
        (("expect(gateway.primary)",),
         "expected an event at `gateway.primary`", "nothing came", ("- 1 event",)),
        ((AUDIT, "expect(gateway.events, dropped = 1)"),
         "expected 1 dropped at `gateway.events`", "0 dropped", ()),
        (('send(gateway.logs, body = "a", count = 3)', "expect(gateway.primary, unique = true)"),
         "expected no event twice at `gateway.primary`", "2 copies", ('+ 3 times "a"',)),
        (("send(gateway.logs, count = 3)", "expect(gateway.primary, count = 2)"),
         "expected 2 events at `gateway.primary`", "3 events came",
         ('  "event 1"', '  "event 2"', '+ "event 3"')),
        (("outage(gateway.primary, 2h)", "outage(gateway.backup, 2h)", "send(gateway.logs)",
          "advance(1m)", "expect(gateway.audit, count = 0, within = 1s)"),
         "expected no event in `gateway.audit`", "1 event in it",
         ("1 event held in `gateway.audit` on edge-1",)),
    ],
    ids=range(6),
)  # fmt: skip
def test_what_is_not_so_is_shown_with_what_came(
    statements: tuple[str, ...], wanted: str, came: str, lines: tuple[str, ...]
) -> None:
    finding = said(GATEWAY, *statements)

    assert finding is not None
    assert finding.message == f'"it": {wanted}'
    assert finding.label == came
    assert finding.notes[: len(lines)] == lines
    assert finding.span.source.line(finding.span.line).strip() == statements[-1]


def test_a_link_that_is_cut_and_killed_ends_delays_and_loses_nothing() -> None:
    assert said(
        TIERS,
        "send(tailer.access, count = 3)",
        'send(tailer.access, count = 3, host = "web-2")',
        "advance(1s)",
        "cut(tailer.spool)",
        'send(tailer.access, count = 3, host = "web-2")',
        "kill(tailer, count = 2)",
        "kill(collector)",
        "expect(collector.store, count = 6, within = 2m)",
        "heal(tailer.spool)",
        'power("north")',
        "expect(collector.store, count = 9, unique = true, order = source)",
    ) is None  # fmt: skip


def test_without_rotated_a_file_is_to_be_seen_before_it_is_rotated() -> None:
    unsaid = GATEWAY.replace('    rotated = ["/var/log/app.log.*"]\n', "")
    line, rotated, comes = (
        "send(gateway.logs)", "rotate(gateway.logs)", "expect(gateway.primary, count = 1)",
    )  # fmt: skip

    assert said(unsaid, line, rotated, "expect(gateway.primary, count = 0)") is None
    assert said(unsaid, line, "advance(1m)", rotated, comes) is None
    assert said(GATEWAY, line, rotated, comes) is None


def test_what_keeps_events_from_coming_is_said() -> None:
    finding = said(
        TIERS, "cut(tailer.spool)", "send(tailer.access)", "expect(collector.store, within = 1m)"
    )

    assert finding is not None
    notes = "\n".join(finding.notes)
    assert "1 event held in `tailer.spool` on web-1" in notes
    assert re.search(r"`tailer.to_collector` on web-1 cannot work: .*Connection timed out", notes)
    assert "after 1m by the test's clock; seed 0" in notes


PAIR = (
    TIERS
    + """
test "one arrives" {
  send(tailer.access)
  expect(collector.store, count = 1)
}

test "two arrive" {
  send(tailer.access)
  expect(collector.store, count = 2)
}
"""
)


def run(folder: Path, text: str, *arguments: str) -> Result:
    path = folder / "main.flow"
    path.write_text(dedent(text))
    return CliRunner().invoke(flumec, ["test", str(path), *arguments], standalone_mode=False)


def test_the_command_shows_each_test_and_fails_with_those_that_did(tmp_path: Path) -> None:
    done = run(tmp_path, PAIR, "--seed", "7", "--junit", str(tmp_path / "report.xml"))

    assert done.return_value == 1
    assert re.search(r"^ok +one arrives \(\d", done.stdout, re.MULTILINE)
    assert re.search(r"^FAILED two arrive \(\d", done.stdout, re.MULTILINE)
    assert 'error[FL650]: "two arrive": expected 2 events' in done.stdout
    assert re.search(r"1 passed, 1 failed in .*, seed 7$", done.stdout)
    suite = ET.parse(tmp_path / "report.xml").getroot()[0]
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "1"
    assert [case.attrib["name"] for case in suite] == ["one arrives", "two arrive"]


def test_the_command_runs_what_is_titled_so(tmp_path: Path) -> None:
    done = run(tmp_path, PAIR, "-k", "ONE", "-j", "1")

    assert done.return_value == 0
    assert "1 passed in" in done.stdout
    assert "two arrive" not in done.stdout


def test_a_file_with_mistakes_is_not_run(tmp_path: Path) -> None:
    done = run(tmp_path, PAIR.replace("policy = single", "policy = singel"))

    assert done.return_value == 1
    assert "singel" in done.stderr
