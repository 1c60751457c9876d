"""With `skip_to_end`, what is written after the very first start is delivered, whatever comes."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.compiler.world.events import Event
from flumec.runtime.testing import NOTHING

FLEET = """
hosts web = ["web-1"]

agent a on web {
  journal default {
    sync = 10s
  }

  source log : taildir {
    files = ["/var/log/x.log"]
    skip_to_end = true
  }

  channel spool : file

  sink out : file_roll {
    directory = "/srv/out"

    roll {
      every = 1s
    }
  }

  log -> spool
  spool -> out
}
"""


@pytest.mark.parametrize("after", [0.1, 4.0])
def test_no_power_cut_makes_the_next_start_the_first_one_again(after: float) -> None:
    plan = compile_text(FLEET).plan
    assert plan is not None
    with World(plan) as world:
        world.send("a", "log", [Event(b"before")])
        world.advance(3)
        world.send("a", "log", [Event(b"one"), Event(b"two")])
        world.advance(after)
        world.cut_power("web-1", NOTHING)
        world.advance(10)
        assert world.rest(600)

        assert [each.text for each in world.delivered("a", "out")] == ["one", "two"]
