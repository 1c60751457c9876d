"""Which disks cut a path, held against a simulation in which they cannot be reached."""

from pathlib import Path

import pytest
from flumec.compiler.build import compile_text, lint_text
from flumec.compiler.cuts.paths import Cut, paths
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event
from flumec.compiler.world.process import STATES

HTTP = 'http {\n    port = 8080\n    bind = "127.0.0.1"\n  }'
ASKED = HTTP.replace("bind", 'request_id = "Idempotency-Key"\n    bind')
TAILDIR = 'taildir {\n    files = ["/var/log/main.log"]\n  }'
ROLL = 'file_roll {\n    directory = "/srv/out"\n\n    roll {\n      every = 1s\n    }\n  }'
DEDUP = "    dedup {\n      key = header.id\n      window = 10m\n      late = drop\n    }\n\n"
KNOWING = ROLL.replace("    roll", f"{DEDUP}    roll")
NOWHERE = "null"
OTHER = """
  journal big {
    directory = "/data/big"
  }

  source further : http {
    port = 8081
    bind = "127.0.0.1"
  }

  channel far : file {
    journal = big
  }

  sink away : null

  further -> far
  far -> away
"""
HOME = '  journal default {\n    directory = "/data/home"\n  }\n'
FOLDERS = (str(STATES), "/data/home", "/data/big", "/srv/out")


def agent(source: str, channel: str, sink: str, more: str = "") -> str:
    """Return a fleet of one agent, with more in it."""
    return f"""\
hosts web = ["w1"]

agent a on web {{
{more}
  source main : {source}

  channel spool : {channel}

  sink store : {sink}

  main -> spool
  spool -> store
}}
"""


CASES = {
    "memory": (agent(HTTP, "memory", NOWHERE), set()),
    "memory, files": (agent(TAILDIR, "memory", NOWHERE), {str(STATES)}),
    "memory, keys": (agent(ASKED, "memory", NOWHERE), {str(STATES)}),
    "memory, folder": (agent(HTTP, "memory", ROLL, HOME), {"/data/home", "/srv/out"}),
    "memory, other": (agent(HTTP, "memory", NOWHERE, OTHER), {"/data/big"}),
    "file": (agent(HTTP, "file", NOWHERE, HOME), {"/data/home"}),
    "file, other": (agent(HTTP, "file", NOWHERE, OTHER), {str(STATES), "/data/big"}),
    "file, dedup": (
        agent(HTTP, "file", KNOWING, HOME), {str(STATES), "/data/home", "/srv/out"},
    ),
}  # fmt: skip


def cuts_of(text: str) -> list[Cut]:
    """Return the cuts of the path from `main` to `store`."""
    found = lint_text(text)
    every = paths(found.fleet, found.graph, claims(found.graph))
    return [cut for path in every if path.claim.source[1] == "main" for cut in path.cuts]


def said(text: str) -> dict[str, Cut]:
    """Return the disks of which it is said that they cut the path."""
    found = [cut for cut in cuts_of(text) if cut.elements[0].kind == "disk"]
    return {cut.elements[0].folder or str(STATES): cut for cut in found}


def played(text: str, folder: str, *, back: bool) -> tuple[bool, bool]:
    """Return whether an event arrives while a folder is away, or at last, and whether the agent has
    not ended.
    """
    plan = compile_text(text).plan
    assert plan is not None
    with World(plan) as world:
        world.advance(3)
        world.machines["w1"].outages.begin(Path(folder), 60)
        world.advance(1)
        if "further" in text:
            world.send("a", "further", [Event(b"other")])
            world.advance(2)
        headers = {} if TAILDIR in text else {"id": "one"}
        world.send("a", "main", [Event(b"one", headers)])
        world.advance(400 if back else 40)
        arrived = [event.text for event in world.delivered("a", "store")]
        return any("one" in text for text in arrived), not world.fates


@pytest.mark.parametrize("case", CASES)
def test_a_disk_cuts_a_path_if_nothing_arrives_without_it(case: str) -> None:
    text, disks = CASES[case]
    assert set(said(text)) == disks
    seen = {folder for folder in FOLDERS if not played(text, folder, back=False)[0]}
    assert seen == disks


@pytest.mark.parametrize("case", CASES)
def test_what_is_delayed_comes_once_the_disk_is_back(case: str) -> None:
    text, disks = CASES[case]
    for folder in disks:
        arrived, lived = played(text, folder, back=True)
        cut = said(text)[folder]
        assert arrived or cut.back.lost, folder
        assert not (lived and cut.back.lost), folder


def test_what_a_sink_uploads_is_made_in_the_state() -> None:
    text = agent(HTTP, "memory", 'hdfs {\n    path = "hdfs://nn.example.com/logs/%Y"\n  }', HOME)
    found = said(text)
    assert set(found) == {str(STATES), "/data/home"}
    assert not found[str(STATES)].gone.lost
    assert found["/data/home"].back.lost


def test_an_agent_that_ends_loses_what_was_not_synced_with_that_disk_alone() -> None:
    """The kernel writes what the process wrote: power goes at no other disk."""
    late = HOME.replace(
        '    directory = "/data/home"', '    sync = 1s\n    directory = "/data/home"'
    )
    text = agent(HTTP, "file", NOWHERE, late + OTHER)
    found = said(text)
    assert not found["/data/big"].back.lost
    assert not found["/data/big"].gone.lost
    assert found["/data/home"].back.lost
    assert found["/data/home"].gone.lost
    assert played(text, "/data/big", back=True)[0]
