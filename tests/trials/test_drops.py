"""What was dropped is told where it was, and as what: a copy is no room that was made."""

from flumec.compiler.build import compile_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.trials.running import Runs

FLOW = """\
hosts vault = ["vault-1"]

agent book on vault {
  # flumec: ignore[FL921] clients are on this host
  source trades : http {
    port = 8080
  }

  channel inbox : memory {
    size = 16MiB
    when_full = drop_oldest
  }

  channel safe : file

  sink shown : file_roll {
    directory = "/srv/shown"
  }

  sink ledger : hdfs {
    path = "hdfs://nn.example.com/trades"

    dedup {
      key = header.id
      late = drop
    }

    roll {
      every = 10s
    }
  }

  trades -> inbox, safe
  inbox -> shown
  safe -> ledger
}
"""


def said(*statements: str) -> Diagnostic | None:
    """Run one test; return what it has to say."""
    block = "\n".join(["", 'test "it" {', *(f"  {one}" for one in statements), "}", ""])
    compiled = compile_text(FLOW + block)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    outcome = Runs(compiled.fleet, compiled.plan, compiled.fleet.trials, 0).one(0)
    assert not outcome.failure, outcome.failure
    return outcome.finding


TWO = 'send(book.trades, headers(id = "1"), count = 2)'


def test_a_copy_is_named_as_the_reason_at_the_sink_and_not_at_its_channel() -> None:
    finding = said(TWO, "expect(book.ledger, count = 2)")

    assert finding is not None
    assert [note for note in finding.notes if "dropped" in note] == [
        "1 event dropped by `copy` at `book.ledger`"
    ]
    assert said(TWO, "expect(book.ledger, count = 1, dropped = 1)") is None


def test_room_that_was_made_is_seen() -> None:
    large = f'send(book.trades, headers(id = "1"), body = "{"x" * 1_000_000}", count = 2)'
    sends = ["outage(book.shown, 3h)", *[large, "advance(1s)"] * 12]

    assert said(TWO, "expect(book.inbox, dropped = 0)") is None
    finding = said(*sends, "expect(book.inbox, dropped = 0)")

    assert finding is not None
    assert "dropped by `room` at `book.inbox`" in "\n".join(finding.notes)


def test_a_channel_that_makes_no_room_has_dropped_nothing() -> None:
    assert said(TWO, "expect(book.ledger, dropped = 1)", "expect(book.safe, dropped = 0)") is None
