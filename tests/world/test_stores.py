"""Wherever a sink publishes, an agent that dies at any step of it goes on as if it had not."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.world import World

FLEET = """
hosts web = ["web-1"]

agent a on web {
  source in : seq {
    total = 3
  }

  channel spool : file

  sink out : SINK

    roll {
      every = 1s
    }
  }

  in -> spool
  spool -> out
}
"""

SINKS = {
    "file_roll": 'file_roll {\n    directory = "/srv/out"',
    "file": 'hdfs {\n    path = "file:///srv/out/%Y"',
    "hdfs": 'hdfs {\n    path = "hdfs://nn.example.com/out/%Y"',
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SINKS)
def test_what_was_about_to_be_published_is_settled(kind: str) -> None:
    compiled = compile_text(FLEET.replace("SINK", SINKS[kind]))
    assert compiled.plan is not None
    with World(compiled.plan) as world:
        assert world.rest(60)
        steps = world.steps.counts["web-1",]
    for step in range(steps - 12, steps):
        with World(compiled.plan) as world:
            world.machines["web-1"].doom = step
            assert world.rest(60), (step, world.failing)
            came = [event.text for event in world.delivered("a", "out")]
        assert came == ["0", "1", "2"], step
