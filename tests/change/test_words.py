"""What changed in an agent is said in the words of its file."""

import pytest
from flumec.compiler.change.outcome import Outcome

from .conftest import FLOW, Planner, changed


def said(found: Outcome, agent: str) -> list[str]:
    return [str(change) for each in found.agents if each.agent == agent for change in each.changes]


@pytest.mark.parametrize(
    ("old", "new", "agent", "words"),
    [
        ("size = 1GiB", "size = 2GiB", "tailer", ["~ channel spool: size 1GiB → 2GiB"]),
        (
            "roll {\n      size = 64MiB", "roll {\n      every = 10m", "collector",
            ["~ sink files: roll.size 64MiB → 128MiB (the default)",
             "~ sink files: roll.every 5m (the default) → 10m"],
        ),
        (
            "timestamp() ->", "timestamp() -> host() ->", "tailer",
            ["- chain access -> timestamp() -> spool",
             "+ chain access -> timestamp() -> host() -> spool"],
        ),
        (
            "access -> timestamp", "metrics_port = 9464\n\n  access -> timestamp", "tailer",
            ["~ agent: metrics_port (not said) → 9464"],
        ),
        (
            "channel inbox : file", "channel inbox : memory", "collector",
            ["~ channel inbox: type file → memory"],
        ),
        ("port = 4141", "port = 4142", "tailer",
         ["~ link tailer.spool => collector.inbox: port 4141 → 4142"]),
        ('core = ["core-1"]', 'core = ["core-9"]', "tailer", [
            "- link tailer.spool => collector.inbox to core-1",
            "+ link tailer.spool => collector.inbox to core-9"]),
    ],
)  # fmt: skip
def test_a_change_is_said_in_the_words_of_the_file(
    planner: Planner, old: str, new: str, agent: str, words: list[str]
) -> None:
    assert said(planner(changed((old, new))), agent) == words


def test_the_same_said_in_other_words_is_no_change(planner: Planner) -> None:
    found = planner(changed(("size = 1GiB", "# as before\n    size = 1024MiB")))
    assert {(each.agent, each.fate) for each in found.agents} == {
        ("tailer", "rewritten"), ("collector", "rewritten"),
    }  # fmt: skip


def test_nothing_is_nothing(planner: Planner) -> None:
    found = planner(FLOW)
    assert found.status == 0
    assert (found.agents, found.waves, found.leaving, found.orphans) == ((), (), (), ())
