"""What is offered against copies is not what the sink has already."""

from flumec.compiler.build import lint_text

FLEET = """
hosts pair = ["feed-a", "feed-b"]

agent book on pair {
  source trades : http {
    port = 5140
    bind = "127.0.0.1"
  }

  channel inbox : file

  channel late : file

  sink ledger : file_roll {
    directory = "/srv/trades"

    dedup {
      key = header.id
      late = late
    }
  }

  trades -> timestamp(header = header.at) -> fingerprint(header.id, of = [header.at, body]) -> inbox
  inbox -> ledger
}

check "once" {
  from = book.trades
  to = book.ledger
  delivery = exactly_once
}
"""


def test_a_dedup_that_knows_no_copies_is_told_what_it_lacks() -> None:
    (broken,) = (each for each in lint_text(FLEET).diagnostics if each.code == "FL602")

    assert broken.hint is not None
    assert "a `dedup` at the sink that all copies come to, by what they have in common" in (
        broken.hint
    )
