"""A member that would give rows up after a moment is one that fails, as any other: others go on."""

from pathlib import Path

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
  channel dead : file

  sink one : file_roll {
    directory = "/srv/one"
    dead_letter = dead
    give_up = after(1s)

    roll {
      every = 1s
    }
  }

  sink two : file_roll {
    directory = "/srv/two"

    roll {
      every = 1s
    }
  }

  in -> spool
  spool -> failover(one, two, in_doubt = DOUBT)
}
"""

AWAY = 10.0


def lived(doubt: str) -> tuple[list[str], list[str], list[str]]:
    """Return what both have after the first was away, right after it had published, and is told."""
    compiled = compile_text(FLEET.replace("DOUBT", doubt))
    assert compiled.plan is not None
    folder = "web-1", "/srv/one"
    with World(compiled.plan) as world:
        assert world.rest(60)
        (*_, step) = world.steps.notes["published"][folder]
    with World(compiled.plan) as world:
        outages = world.machines["web-1"].outages
        world.steps.at(folder, step, lambda: outages.begin(Path(folder[1]), AWAY))
        assert world.rest(60)
        came = [[event.text for event in world.delivered("a", sink)] for sink in ("one", "two")]
        said = [line for _, who, line in world.said if who == "one" and "cannot work" in line]
    return came[0], came[1], said


@pytest.mark.parametrize(("doubt", "other"), [("resend", ["0", "1", "2"]), ("wait", [])])
def test_what_is_in_doubt_is_not_kept_from_the_others(doubt: str, other: list[str]) -> None:
    one, two, said = lived(doubt)

    assert one == ["0", "1", "2"]
    assert two == other
    assert len(said) < 5, said
