"""Groups after a time in which nothing happened: who takes what comes is as at any time."""

from textwrap import dedent

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

DAY = 86_400.0

FLEET = """
    hosts web = ["web-1"]
    hosts core = ["core-1", "core-2"]

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
      policy = POLICY
    }
"""


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["failover", "balance"])
def test_after_a_calm_others_take_what_a_peer_that_is_away_would_have_had(policy: str) -> None:
    compiled = compile_text(dedent(FLEET).replace("POLICY", policy))
    assert compiled.plan is not None
    with World(compiled.plan) as world:
        world.scheduler.patient = True
        world.advance(60)
        turns = world.scheduler.turns
        world.advance(DAY)
        assert world.scheduler.turns - turns < DAY / 60, "one a minute would be many"
        assert not world.said, "who waits for rows does not hang"
        world.network.cut("web-1", "core-1")
        world.network.cut("core-1", "web-1")
        for number in range(4):
            world.send("tailer", "access", [Event(b"%d" % number)])
            world.advance(15)
        assert len(world.delivered("collector", "store", "core-2")) >= 3
        assert not [line for line in world.said if line[1] == "spool"]
