"""A test lets run what it names, and what that is joined to; nothing else of the fleet."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.trials.concerned import concerned

FLEET = """\
hosts web = ["web-1", "web-2"]

hosts core = ["core-1"]

hosts other = ["other-1"]

agent tailer on web {
  source lines : taildir {
    files = ["/var/log/a.log"]
  }

  channel spool : file

  lines -> spool
}

agent neighbour on web {
  source numbers : seq

  channel memory_only : memory

  sink out : null

  numbers -> memory_only
  memory_only -> out
}

agent collector on core {
  channel inbox : file

  sink files : file_roll {
    directory = "/srv/files"
  }

  inbox -> files
}

agent apart on other {
  source numbers : seq

  channel spool : file

  sink out : null

  numbers -> spool
  spool -> out
}

tailer.spool => collector.inbox {
  port = 4141
  tls = mutual
}
"""


@pytest.mark.parametrize(
    ("statement", "hosts"),
    [
        ("send(tailer.lines)", ["web-1", "web-2", "core-1"]),
        ("kill(collector)", ["web-1", "web-2", "core-1"]),
        ("expect(neighbour.out, count = 0)", ["web-1", "web-2", "core-1"]),
        ("kill(apart)", ["other-1"]),
        ("advance(1h)", []),
    ],
)
def test_what_runs(statement: str, hosts: list[str]) -> None:
    compiled = compile_text(f'{FLEET}\ntest "it" {{\n  {statement}\n}}\n')
    assert compiled.plan is not None
    part = concerned(compiled.plan, compiled.fleet.trials[0])
    assert [host.name for host in part.hosts] == hosts
