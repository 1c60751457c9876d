"""Two builds of one fleet, and what the second would change."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.change.fleet import built, planned
from flumec.compiler.change.outcome import Outcome, outcome
from flumec.compiler.emit import emit
from flumec.compiler.plan import Plan

from tests.channel.conftest import State

FLOW = """\
hosts web = ["web-1", "web-2"]
hosts core = ["core-1"]

agent tailer on web {
  source access : taildir {
    files = ["/var/log/access.log"]
  }

  channel spool : file {
    size = 1GiB
  }

  access -> timestamp() -> spool
}

agent collector on core {
  channel inbox : file

  sink files : hdfs {
    path = "file:///srv/%Y-%m-%d"

    roll {
      size = 64MiB
    }
  }

  inbox -> files
}

tailer.spool => collector.inbox {
  port = 4141
  tls = mutual
}
"""

Planner = Callable[..., Outcome]


def compiled(text: str) -> Plan:
    """Compile a fleet that has no mistakes."""
    found = compile_text(text)
    assert found.plan is not None, [each.message for each in found.diagnostics]
    return found.plan


def changed(*pairs: tuple[str, str], text: str = FLOW) -> str:
    """Return the flow with each first text replaced by its second, and all of them found."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    """Build one text, and say what another would change."""

    def plan(
        new: str, old: str = FLOW, held: Mapping[tuple[str, str, str], object] = {}
    ) -> Outcome:
        write_bundle(emit(compiled(old)), tmp_path / "dist")
        return outcome(built(tmp_path / "dist"), planned(compiled(new)), dict(held))  # type: ignore[arg-type]

    return plan


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Yield a state directory that a test fills; what was opened is closed."""
    made = State(tmp_path / "state")
    yield made
    for journal in made.opened:
        journal.close()
