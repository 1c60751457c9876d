"""Fleets of some hundred hosts with a mistake each: every figure that is said was calculated by
hand, and what is proposed would do.
"""

import re
from typing import NamedTuple

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic

WEB = """
hosts web = "web-{001..300}" {
  nic = 125MB/s
  disk_rate = 100MB/s
}

hosts core = "core-{1..3}" {
  nic = 1.25GB/s
  disk_rate = 400MB/s
  disk = 4TB
}
"""
TAILER = """
agent tailer on web {
  source access : taildir {
    files = ["/var/log/nginx/access.log"]
    KEEPS
  }

  channel spool : file {
    size = 4GiB
  }

  access -> spool
}
"""
COLLECTOR = """
agent collector on core {
  channel inbox : file {
    size = 500GiB
  }

  sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y/%m/%d"
    TAKES
  }

  inbox -> store
}

tailer.spool => collector.inbox {
  port = 4141
  policy = balance
  tls = mutual
}
"""
FILES = 'files = ["/var/log/nginx/access.log"]'
CHECK = """
check "it lasts" {
  from = tailer.access
  to = collector.store
  rate = 1MB/s
  survives = [outage(collector.store, 12h)]
}
"""
FLEET = WEB + TAILER + COLLECTOR + CHECK
DIRECT = """
hosts web = "web-{001..300}" {
  disk = 100GB
}

agent desk on web {
  source clicks : http {
    port = 8080
    tls = server
  }

  channel spool : file {
    size = 20GiB
  }

  sink store : hdfs {
    path = "hdfs://nn.example.com/clicks/%{shop}/%Y"
  }

  clicks -> spool
  spool -> store
}

check "it lasts" {
  from = desk.clicks
  to = desk.store
  rate = 2MB/s
  survives = [outage(desk.store, 4h)]
}
"""


class Case(NamedTuple):
    """A fleet, what its only mistake is said to be, and the change that is proposed."""

    flow: str
    code: str
    said: tuple[str, ...]
    """Parts of its label, notes and hint, in any order."""
    cure: tuple[str, str]


def changed(flow: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in flow, old
        flow = flow.replace(old, new)
    return re.sub(r"^ *(KEEPS|TAKES)\n", "", flow, flags=re.MULTILINE)


CASES = {
    # 3 × 500GiB = 1610.6GB at 300MB/s: 5368s. Then 4GiB at 1MB/s: 4294s. 43200 - 9663 = 33537s
    # are missing: 33.5GB on each web host, or at 100MB/s 3354GB more in each collector: 3.6TiB.
    "room for a night": Case(
        FLEET,
        "FL601",
        (
            "room for 2h41m, not 12h",
            "3 × 500GiB at 300MB/s (300 hosts into 3) = 1h29m",
            "4GiB at 1MB/s = 1h11m; then taildir pauses",
            "keeps 34GB of rotated logs per host",
            "collector.inbox size = 3.6TiB",
        ),
        ("500GiB", "3.6TiB"),
    ),
    # 2h are kept, 9.3h have to be.
    "kept too short": Case(
        changed(FLEET, ("KEEPS", "keeps = 2h")),
        "FL601",
        ("34GB of rotated logs per host, 10h and not 2h",),
        ("keeps = 2h", "keeps = 10h"),
    ),
    # Twice as much comes: 2684s and 2147s, and 38369s at 2MB/s are 76.7GB.
    "a peak": Case(
        changed(FLEET, ("rate = 1MB/s", "rate = 1MB/s\n  peak = 2")),
        "FL601",
        (
            "room for 1h20m, not 12h",
            "at 600MB/s (300 hosts into 3) = 44m44s",
            "4GiB at 2MB/s = 35m47s",
            "keeps 77GB of rotated logs per host",
            "counted at `peak`",
        ),
        (FILES, f"{FILES}\n    keeps = 11h"),
    ),
    # A dead collector leaves 2 × 500GiB: 3579s, and 4294s before it; 35327s are missing.
    "a collector less": Case(
        changed(FLEET, ("[outage", "[kill(collector), outage")),
        "FL601",
        (
            "room for 2h11m, not 12h",
            "2 × 500GiB at 300MB/s (300 hosts into 2) = 59m39s",
            "keeps 36GB",
        ),
        (FILES, f"{FILES}\n    keeps = 10h"),
    ),
    # 12h at 300MB/s are 12.96TB; 1.25GB/s less 100MB/s would do, 400MB/s less 300MB/s do not.
    "a slow store": Case(
        changed(
            FLEET,
            ("KEEPS", "keeps = 2d"),
            ("TAKES", "takes = 400MB/s"),
            ("12h)]", "12h)]\n  catches_up = 1d"),
        ),
        "FL624",
        (
            "caught up after 1d12h, not 1d",
            "collector.store has to take 13TB that waited",
            "`takes = 450MB/s`, or `catches_up = 36h`",
        ),
        ("400MB/s\n  }\n\n  inbox", "450MB/s\n  }\n\n  inbox"),
    ),
    "a store that is too slow": Case(
        changed(FLEET, ("KEEPS", "keeps = 2d"), ("TAKES", "takes = 250MB/s")),
        "FL626",
        (
            "300MB/s come to `collector.store`, which takes 250MB/s",
            "tailer.access: 1MB/s on each of 300 hosts",
        ),
        ("250MB/s", "300MB/s"),
    ),
    # 100MB/s come to each of 3, and twice that is written: into the journal, and to be uploaded.
    "a slow disk": Case(
        changed(FLEET, ("KEEPS", "keeps = 2d"), ("400MB/s", "150MB/s")),
        "FL622",
        (
            "`core-1` has to write 200MB/s, and its `disk_rate` is 150MB/s",
            "collector.inbox: 100MB/s",
            "collector.store: 100MB/s",
            "`disk_rate = 200MB/s`",
        ),
        ("150MB/s", "200MB/s"),
    ),
    "a slow network of those that send": Case(
        changed(FLEET, ("KEEPS", "keeps = 2d"), ("125MB/s", "0.9MB/s")),
        "FL622",
        ("`web-001` has to send 1MB/s", "less that comes, or `nic = 1MB/s`"),
        ("0.9MB/s", "1MB/s"),
    ),
    # 72h at 1MB/s are 259.2GB; kept are 48h.
    "a long weekend": Case(
        changed(FLEET, ("KEEPS", "keeps = 2d"), ("[outage", "[kill(tailer, down = 3d), outage")),
        "FL627",
        (
            "not read for 3d, and rotation keeps 2d",
            "in the first 1d00h",
            "keeps 260GB of rotated logs per host, 3d and not 2d",
        ),
        ("keeps = 2d", "keeps = 3d"),
    ),
    # 500GiB and 80MiB in 536GB, which are 499.2GiB.
    "a small disk": Case(
        changed(FLEET, ("KEEPS", "keeps = 2d"), ("disk = 4TB", "disk = 536GB")),
        "FL620",
        ("collector.inbox: 500GiB", "a disk of 501GiB"),
        ("536GB", "501GiB"),
    ),
    # 4h at 2MB/s are 28.8GB, and 600MB more are in files that are not rolled: 27.4GiB.
    "files that are open": Case(
        DIRECT,
        "FL601",
        (
            "room for 2h53m, not 4h",
            "20GiB, less 600MB until files are rolled, at 2MB/s = 2h53m; then http answers 503",
            "clients repeat what was refused for 2h",
            "desk.spool size = 28GiB",
        ),
        ("20GiB", "28GiB"),
    ),
    # Files of 200s are 400MB, and 137MB are left.
    "files that are rolled sooner": Case(
        changed(
            DIRECT,
            ("20GiB", "512MiB"),
            ("}\n\n  clicks", "  roll {\n      every = 200s\n    }\n  }\n\n  clicks"),
        ),
        "FL601",
        (
            "room for 1m08s, not 4h",
            "512MiB, less 400MB until files are rolled, at 2MB/s = 1m08s",
            "desk.spool size = 28GiB",
        ),
        ("512MiB", "28GiB"),
    ),
}


def told(finding: Diagnostic) -> str:
    return "\n".join((finding.message, finding.label, *finding.notes, finding.hint or ""))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_figures_are_those_that_a_person_calculates(case: Case) -> None:
    (found,) = lint_text(changed(case.flow)).diagnostics

    assert found.code == case.code
    for part in case.said:
        assert part in told(found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_proposed_would_do(case: Case) -> None:
    assert [told(one) for one in lint_text(changed(case.flow, case.cure)).diagnostics] == []


def test_a_channel_that_open_files_crowd_has_to_hold_them_and_the_outage() -> None:
    """Of 512MiB they take 80%; of a larger one 600MB, beside the 28.8GB that come in 4h."""
    small = changed(DIRECT, ("20GiB", "512MiB"))
    early, found = lint_text(small).diagnostics

    assert (early.code, found.code) == ("FL909", "FL601")
    assert "512MiB, less 430MB until files are rolled, at 2MB/s = 53s" in told(found)
    assert found.hint == "desk.spool size = 28GiB"
    assert lint_text(changed(small, ("512MiB", "28GiB"))).diagnostics == ()


TOGETHER = """
hosts edge = ["edge-1"]

hosts relays = ["relay-1", "relay-2"]

agent front on edge {
  source clicks : http {
    port = 8080
    tls = server
  }

  channel out : file {
    size = 20GB
  }

  clicks -> out
}

agent relay on relays {
  channel inbox : file {
    size = 200GB
  }

  sink out : hdfs {
    path = "hdfs://nn.example.com/logs/%Y/%m/%d"
  }

  inbox -> out
}

front.out => relay.inbox {
  port = 4141
  policy = all
  tls = mutual
}

check "it lasts" {
  from = front.clicks
  to = relay.out
  rate = 2MB/s
  survives = [FAULTS]
}
"""


def test_what_makes_an_outage_too_long_is_named() -> None:
    faults = ("kill(relay, down = 1m)", "lose(relay, count = 1)", "outage(relay.out, 5h)")
    lost = TOGETHER.replace("FAULTS", ", ".join(faults))
    found = [each for each in lint_text(lost).diagnostics if each.code == "FL601"]
    alone = TOGETHER.replace("FAULTS", ", ".join((faults[0], faults[2])))

    assert found[0].notes[1] == (
        "alone it is waited out; it comes together with `lose(relay, count = 1)`"
    )
    assert "FL601" not in {each.code for each in lint_text(alone).diagnostics}
