"""`sinks = real`: files as the sinks make them; and what is asked of files, letters and drops."""

import gzip
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from flumec.compiler.build import lint_text
from flumec.compiler.cli import flumec

from .test_trials import said

FLEET = """\
hosts edge = ["edge-1"]

agent gateway on edge {
  source events : http {
    port = 8080
  }

  source logs : taildir {
    files = ["/var/log/app.log"]
  }

  channel audit : file

  channel small : file {
    events = 2
    when_full = drop_oldest
  }

  channel failed : file

  channel forgotten : memory

  sink store : file_roll {
    directory = "/srv/store"
    path = "%Y-%m-%d"
    FORMAT
    dead_letter = failed
    give_up = after(1m)

    roll {
      events = 3
    }
  }

  sink slow : hdfs {
    path = "hdfs://nn.example.com/slow"
  }

  sink shown : logger

  events -> regex_extract(r"user=(\\w+)", into = [header.user]) -> route header.kind {
    "audit" -> audit
    "click" -> forgotten
    "slow" -> small
    else -> drop
  }

  logs -> regex_filter(r"DEBUG", exclude = true) -> audit
  audit -> store
  small -> slow
  forgotten -> shown
}
"""

BODY = r"user=ann \"ä\""


def fleet(**settings: str) -> str:
    return FLEET.replace("FORMAT", "\n    ".join(f"{k} = {v}" for k, v in settings.items()))


def send(kind: str = "audit", count: int = 7) -> str:
    return f'send(gateway.events, headers(kind = "{kind}"), body = "{BODY}", count = {count})'


@pytest.mark.parametrize(
    ("settings", "end"),
    [
        ({"format": "text"}, "log"),
        ({"format": "text", "codec": "gzip"}, r"log\.gz"),
        ({"format": "text", "codec": "zstd"}, r"log\.zst"),
        ({"format": "json", "codec": "bzip2", "prefix": '"a-"'}, r"jsonl\.bz2"),
        ({"format": "parquet", "codec": "zstd", "suffix": '".pq"'}, "pq"),
        ({"format": "parquet", "body": "string"}, "parquet"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_files_are_as_the_sink_makes_them_and_are_read_back(
    settings: dict[str, str], end: str
) -> None:
    headers = 'header.kind = "audit", header.user = "ann", ' * (settings["format"] != "text")

    assert said(
        fleet(**settings),
        "sinks = real",
        send(),
        rf'expect(gateway.store, files = 3, path = r"^2026-01-01/.*\.{end}$")',
        f'expect(gateway.store, {headers}count = 7, duplicates = 6, body = "{BODY}")',
    ) is None  # fmt: skip


def test_without_newlines_a_file_is_one_text() -> None:
    assert said(
        fleet(format="text", newline="false"),
        "sinks = real",
        'send(gateway.logs, body = "a", count = 3)',
        'expect(gateway.store, files = 1, body = "aaa")',
    ) is None  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "wanted", "came", "lines"),
    [
        ((send(), "expect(gateway.store, files = 2)"),
         "expected 2 files at `gateway.store`", "3 files came",
         (r"  2026-01-01/.*\.jsonl\.gz  3 events, \d+ bytes", r"  2026-.*",
          r"\+ 2026-01-01/.*\.jsonl\.gz  1 event, \d+ bytes")),
        ((send(count=1), r'expect(gateway.store, path = r"\.zst$")'),
         r'expected a file at `gateway.store` with path = r"\.zst$"', "1 file came, 0 like that",
         (r'- 1 file with path = r"\\\.zst\$"', r"\+ 2026-01-01/.*")),
        ((send(count=1), r'expect(gateway.store, count = 2, path = r"^2026")'),
         r'expected 2 events in files with path = r"^2026" at `gateway.store`', "1 event came",
         ("- 1 event", r'  "user=ann \\"ä\\""  kind = "audit", user = "ann"')),
        (("expect(gateway.store, files = 1)",),
         "expected 1 file at `gateway.store`", "no file came", ("- 1 file",)),
        (("outage(gateway.store, 1h)", send(count=1),
          'expect(gateway.failed, header["flumec.reason"] = r"disk is full")'),
         'expected an event in `gateway.failed` with header["flumec.reason"] = r"disk is full"',
         "1 event came, 0 like that",
         (r'- 1 event with header\["flumec.reason"\] = r"disk is full"',
          r'\+ "user=ann .*  flumec.reason = "cannot write .*: Host is down", flumec.sink = .*',
          "1 event held in `gateway.failed` on edge-1")),
        ((send("ping", 2), "expect(gateway.events, dropped = 2, reason = filtered)"),
         "expected 2 dropped by `filtered` at `gateway.events`", "0 dropped by `filtered`",
         ("2 dropped by `unrouted`",)),
        ((send("ping", 1), "expect(gateway.store)"),
         "expected an event at `gateway.store`", "nothing came",
         ("- 1 event", "1 event dropped by `unrouted` at `gateway.events`")),
        (("kill(gateway, down = 1h)", "expect(gateway.store, within = 1m)"),
         "expected an event at `gateway.store`", "nothing came",
         ("- 1 event", "`gateway` on edge-1 is down")),
        (("send(gateway.logs, count = 12)", "expect(gateway.store, count = 11)"),
         "expected 11 events at `gateway.store`", "12 events came",
         (*(f'  "event {number}"' for number in range(1, 4)), r'\+ "event 12"', "  and 8 more")),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_not_so_is_shown(
    statements: tuple[str, ...], wanted: str, came: str, lines: tuple[str, ...]
) -> None:
    text = fleet(format="json", codec="gzip")
    finding = said(text, "sinks = real", *statements)

    assert finding is not None
    assert finding.message == f'"it": {wanted}'
    assert finding.label == came
    for line, note in zip(lines, finding.notes, strict=False):
        assert re.fullmatch(line, note), note
    assert len(finding.notes) > len(lines), "when it was is said last"


def test_letters_and_drops_are_known_by_their_reasons() -> None:
    assert said(
        fleet(format="json"),
        "outage(gateway.store, 1h)",
        "outage(gateway.slow, 1h)",
        send(count=1),
        send("ping", 3),
        'send(gateway.logs, body = "DEBUG")',
        *(send("slow", 1), "advance(1s)") * 4,
        "advance(2m)",
        *(f"expect(gateway.{expected}, within = 1s)" for expected in (
            'failed, count = 1, header["flumec.reason"] = r"Host is down", unique = true',
            'failed, header.user = "ann"',
            'failed, count = 0, header["flumec.reason"] = r"disk"',
            "events, dropped = 3, reason = unrouted",
            "events, dropped = 0, reason = filtered",
            "logs, dropped = 1, reason = filtered",
            "logs, dropped = 1",
            "small, dropped = 2, count = 2",
            "forgotten, dropped = 0, count = 0",
        )),
    ) is None  # fmt: skip


def test_a_text_that_is_sent_twice_is_in_order_both_times() -> None:
    sent = [f'send(gateway.logs, body = "{body}")' for body in "bab"]

    assert said(fleet(), *sent, "expect(gateway.store, count = 3, order = source)") is None


COPIES = """\
hosts vault = ["vault-1"]

agent book on vault {
  source trades : http {
    port = 8080
  }

  channel inbox : file

  sink ledger : file_roll {
    directory = "/srv/ledger"

    dedup {
      key = header.id
      window = 10m
      late = drop
    }

    roll {
      every = 10s
    }
  }

  trades -> inbox
  inbox -> ledger
}
"""


def test_copies_that_a_sink_leaves_out_are_counted() -> None:
    assert said(
        COPIES,
        'send(book.trades, headers(id = "1"), count = 3)',
        'send(book.trades, headers(id = "2"))',
        "expect(book.ledger, count = 2, dropped = 2)",
        "expect(book.ledger, dropped = 2, reason = copy)",
        "expect(book.ledger, dropped = 0, reason = late)",
    ) is None  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("expect(gateway.shown, files = 1)",
         "`gateway.shown` publishes no files: its type is `logger`"),
        ("expect(gateway.store, dropped = 1)", "`gateway.store` drops nothing: it has no `dedup`"),
        ('expect(gateway.store, header.user = "a")',
         "the files of `gateway.store` have no headers in them: `format = text`"),
        ("expect(gateway.store, order = source)",
         "the files of `gateway.store` do not tell where an event ends"),
        ("expect(gateway.events, dropped = 1, reason = copy)",
         "`gateway.events` drops nothing by `copy`: by `unrouted` or `filtered`"),
        ("expect(gateway.events, reason = unrouted)",
         "say how many were dropped: `dropped = 1, reason = unrouted`"),
        ("expect(gateway.events, count = 1)",
         "`count`: of `gateway.events`, a source, `dropped` and its `reason` are known"),
        ('expect(gateway.forgotten, body = "a")',
         "of `gateway.forgotten`, a channel in memory, only `count` and `dropped` are known"),
        ("expect(gateway.failed, files = 1)",
         "`files`: of `gateway.failed`, a channel, `count`, `dropped` and events are known"),
        ("expect(gateway.failed)", "say what is expected at `gateway.failed`: `count = …`"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_cannot_be_seen_there_is_refused(statement: str, reason: str) -> None:
    block = f'\ntest "it" {{\n  sinks = real\n  {statement}\n}}\n'
    linted = lint_text(fleet(format="text", newline="false") + block)

    assert [each.message for each in linted.diagnostics if each.code == "FL651"] == [reason]


def test_files_are_kept_for_whoever_wants_to_look(tmp_path: Path) -> None:
    flow, folder = tmp_path / "main.flow", tmp_path / "kept"
    block = '\ntest "{}" {{\n  sinks = {}\n  {}\n  expect(gateway.store)\n}}\n'
    text = fleet(format="json", codec="gzip")
    flow.write_text(
        text + block.format("Zipped!", "real", send()) + block.format("b", "collected", send())
    )
    arguments = ["test", str(flow), "--keep", str(folder)]

    assert CliRunner().invoke(flumec, arguments, standalone_mode=False).return_value == 0
    zipped = sorted((folder / "01-zipped" / "edge-1/srv/store/2026-01-01").iterdir())
    assert [path.suffix for path in zipped] == [".gz"] * 3
    lines = gzip.decompress(zipped[-1].read_bytes()).splitlines()
    assert [json.loads(line)["headers"]["user"] for line in lines] == ["ann"]
    assert len(list((folder / "02-b").rglob("*.jsonl"))) == 3

    again = CliRunner().invoke(flumec, arguments)
    assert "is not empty" in str(again.exception)


def test_parquet_that_is_kept_is_parquet(tmp_path: Path) -> None:
    flow, folder = tmp_path / "main.flow", tmp_path / "kept"
    block = f'\ntest "it" {{\n  sinks = real\n  {send()}\n  expect(gateway.store)\n}}\n'
    flow.write_text(fleet(format="parquet", codec="zstd") + block)
    CliRunner().invoke(flumec, ["test", str(flow), "--keep", str(folder)], standalone_mode=False)

    files = sorted(folder.rglob("*.parquet"))
    assert sum(pq.read_metadata(path).num_rows for path in files) == 7
