"""Hosts of equal facts are asked once for what a step says of them: there may be ten thousand."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.headers import making

FLOW = """\
hosts web = "web-{001..200}" {
  site = "north"
}

agent feed on web {
  source trades : http {
    port = 5001
    bind = "127.0.0.1"
  }

  channel out : file

  channel late : file

  sink ledger : file_roll {
    directory = "/srv/trades"

    dedup {
      key = header.id
      late = late
    }
  }

  trades -> STEPS -> out
  out -> ledger
}

check "copies are known" {
  from = feed.trades
  to = feed.ledger
  delivery = exactly_once
}
"""
STEPS = (
    'static(header.of, "${host.%s}", preserve = false)'
    " -> fingerprint(header.id, of = [header.of, body])"
)


@pytest.mark.parametrize(("fact", "at_most", "told"), [("site", 10, 0), ("name", 10, 1)])
def test_equal_hosts_are_asked_once(
    fact: str, at_most: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = making.told_on
    monkeypatch.setattr(
        making, "told_on", lambda step, host: asked.append(host.name) or ask(step, host)
    )

    found = [finding.code for finding in lint_text(FLOW.replace("STEPS", STEPS % fact)).diagnostics]

    assert found.count("FL911") == told
    assert 0 < len(asked) <= at_most
