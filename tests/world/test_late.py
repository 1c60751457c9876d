"""What comes after the window of a `dedup` lies in the channel that the file names for it."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

FLEET = """
hosts web = ["web-1"]

agent a on web {
  source in : http {
    port = 4000
    request_id = "Idempotency-Key"
  }

  channel spool : file
  channel late : file

  sink out : file_roll {
    directory = "/srv/out"

    roll {
      every = 1s
    }

    dedup {
      key = header.id
      window = 10m
      late = late
    }
  }

  in -> fingerprint(header.id, of = [body]) -> spool
  spool -> out
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("read", ["", "late -> older"], ids=["by nobody", "by a sink"])
def test_what_is_late_lies_in_its_channel(read: str) -> None:
    older = "\n\n  sink older : logger\n\n" if read else ""
    plan = compile_text(FLEET.replace("  spool -> out", f"{older}  spool -> out\n  {read}")).plan
    assert plan is not None
    with World(plan) as world:
        world.send("a", "in", [Event(b"early")])
        assert world.rest(60)
        world.send("a", "in", [Event(b"late")])
        assert world.until(lambda: world.requests[-1].answered, 10)
        world.kill("a", down=400)
        assert world.rest(900), (world.failing, list(world.held()))
        came = [event.text for event in world.delivered("a", "out")]
        aside = world.delivered("a", "older") if read else world.lying("a", "late")
    assert (came, [event.text for event in aside]) == (["early"], ["late"])
