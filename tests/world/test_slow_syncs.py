"""A put of several journals that is under way when its agent stops in order is stored in all."""

from collections import Counter
from typing import Any
from unittest.mock import patch

from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.compiler.world.disk import ProcessFile
from flumec.compiler.world.events import Event

FLEET = """
hosts web = ["web-1"]

agent a on web {
  journal side {
    directory = "/srv/side"
  }

  source log : taildir {
    files = ["/var/log/x.log"]
  }

  channel main : file
  channel extra : file {
    journal = side
  }

  sink first : file_roll {
    directory = "/srv/first"
  }

  sink second : file_roll {
    directory = "/srv/second"
  }

  log -> main, extra
  main -> first
  extra -> second
}
"""

SECONDS = 15.0
"""How long each sync of the second journal takes, while it is slow."""


def test_an_orderly_stop_waits_for_the_home_after_the_others() -> None:
    plan = compile_text(FLEET).plan
    assert plan is not None
    sync, slow = ProcessFile.sync, True

    def slowly(file: ProcessFile, *given: Any) -> Any:
        if slow and str(file._path).startswith("/srv/side"):
            world.clock.sleep(SECONDS)
        return sync(file, *given)

    with patch.object(ProcessFile, "sync", slowly), World(plan) as world:
        slow = False
        world.advance(5)
        slow = True
        world.send("a", "log", [Event(b"one"), Event(b"two")])
        world.advance(2)
        machine = world.machines["web-1"]
        stopping = machine.processes["a"]
        stopping.stop()
        assert world.until(lambda: machine.processes.get("a") is not stopping, 100)
        slow = False
        machine.start("a")
        assert world.rest(600)

        for sink in ("first", "second"):
            found = Counter(each.text for each in world.delivered("a", sink))
            assert found == {"one": 1, "two": 1}, sink
