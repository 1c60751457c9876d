"""What waits for long is kept, unless a channel before what is away drops: then that is said."""

from collections.abc import Sequence

import pytest
from flumec.compiler.build import compile_text, lint_text
from flumec.compiler.cuts.paths import Path, paths
from flumec.compiler.cuts.rows import Row
from flumec.compiler.cuts.shown import as_json
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

FLEET = """\
hosts web = ["w1"]

hosts core = ["c1"]

agent a on web {{
  source main : http {{
    port = 8080
    bind = "127.0.0.1"
  }}

  source more : http {{
    port = 8081
    bind = "127.0.0.1"
  }}

  channel spool : file {{
    size = 8MiB{spool}
  }}

  channel kept : file {{
    size = 1GiB
  }}

  sink here : null

  main -> {ends}
  more -> kept
  kept -> here
}}

agent b on core {{
  channel inbox : file{inbox}

  sink store : file_roll {{
    directory = "/srv/store"

    roll {{
      every = 1s
    }}
  }}

  inbox -> store
}}

a.spool => b.inbox {{
  port = 4141
}}
"""
DROPS = "\n    when_full = drop_oldest"
OLDEST = "once a.spool is full, its oldest events are dropped"
LEFT_OUT = "once a.spool is full, events are left out of it"
CASES = {
    "block": (FLEET.format(spool="", inbox="", ends="spool"), ""),
    "drop": (FLEET.format(spool=DROPS, inbox="", ends="spool"), OLDEST),
    "optional": (FLEET.format(spool="", inbox="", ends="kept, spool?"), LEFT_OUT),
}
EVENTS = 40


def path_of(text: str) -> Path:
    """Return the path from `a.main` to `b.store`."""
    linted = lint_text(text)
    every = paths(linted.fleet, linted.graph, claims(linted.graph))
    return next(path for path in every if path.claim.sink == ("b", "store"))


def fates(text: str) -> dict[str, Sequence[str]]:
    """Return what becomes of events, by what cuts their path."""
    path = path_of(text)
    words = (Row((path,)).words(cut) for cut in path.cuts)
    return {what: fates for what, *fates in words}


def arrive(text: str) -> int:
    """Return how many events arrive that more come of than there is room while the link is cut."""
    plan = compile_text(text).plan
    assert plan is not None
    with World(plan) as world:
        world.advance(3)
        world.cut("a", "spool")
        for number in range(EVENTS):
            world.send("a", "main", [Event(b"%d " % number + bytes(400_000))])
            world.advance(1)
        for start, end in world.wires("a", "spool"):
            world.network.reset(start, end)
        world.heal("a", "spool")
        world.advance(600)
        return len(world.delivered("b", "store"))


@pytest.mark.parametrize("case", CASES)
def test_it_is_said_what_drops(case: str) -> None:
    text, drops = CASES[case]
    back, gone = fates(text)["link a.spool"]
    assert back == "; ".join(filter(None, ["delayed", drops]))
    assert gone == "; ".join(filter(None, ["waits in a.spool", drops]))
    assert fates(text)["host c1"][0] == back
    assert fates(text)["its own host"][0] == "delayed"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_is_delayed_arrives_unless_it_is_said_what_drops(case: str) -> None:
    text, drops = CASES[case]
    assert (arrive(text) < EVENTS) == bool(drops)


def test_only_what_is_before_it_fills() -> None:
    said = fates(FLEET.format(spool="", inbox=f" {{{DROPS}\n  }}", ends="spool"))
    inbox = "delayed; once b.inbox is full, its oldest events are dropped"
    assert {what: back for what, (back, _) in said.items() if back != "delayed"} == {
        "disk c1:/srv/store": inbox
    }


def test_what_is_left_out_of_one_copy_is_in_the_other() -> None:
    text = FLEET.format(spool="", inbox="", ends="spool, kept?")
    assert fates(text)["link a.spool"] == ["delayed", "waits in a.spool"]


def test_it_is_in_the_data() -> None:
    cuts = as_json([path_of(CASES["drop"][0])])[0]["cuts"]
    assert {cut["kind"]: cut["drops"] for cut in cuts if not cut["own"]} == {
        kind: [{"at": "a.spool", "oldest": True}] for kind in ("host", "disk", "link")
    }
    assert all(not cut["drops"] for cut in cuts if cut["own"])
