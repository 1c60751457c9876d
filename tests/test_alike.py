"""What is made once for agents that are alike is what would be made for each."""

import pytest
from flumec.compiler import place
from flumec.compiler.build import compile_text
from flumec.compiler.emit import emit

SENDER = """\
hosts web = ["web-1", "web-2", "web-3"] {
  user = "flumec"
}

hosts other = ["web-4"] {
  user = "www"
}

agent tailer on web {
  source access : taildir {
    files = [SAID]
  }

  channel spool : file {
    size = 4GiB
  }

  access -> timestamp() -> host() -> route header.host {
    "a" -> timestamp() -> spool
    else -> spool
  }
}

agent second on web {
  source numbers : seq

  channel spool : memory

  sink out : null

  numbers -> spool
  spool -> out
}

agent core on other {
  channel inbox : file

  sink out : null

  inbox -> out
}

tailer.spool => core.inbox {
  port = 4141
}
"""


@pytest.mark.parametrize("said", ['"/srv/a.log"', '"/srv/${host.name}/a.log"'])
def test_a_bundle_is_what_it_would_be_if_nothing_were_shared(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SENDER.replace("SAID", said)
    shared = compile_text(text).plan
    assert shared is not None
    first, second = (host.agents[0] for host in shared.hosts[:2])
    monkeypatch.setattr(place, "_varies", lambda _agent: True)
    apart = compile_text(text).plan
    assert apart is not None
    assert apart.hosts[1].agents[0].flows is not apart.hosts[0].agents[0].flows
    assert (first.flows is second.flows) == ("$" not in said)
    assert emit(shared) == emit(apart)
