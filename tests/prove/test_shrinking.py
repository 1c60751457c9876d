"""What is made smaller stays whole: the compiler takes it, and a link's targets stay alike."""

import pytest
from prove import shrinking
from prove.case import Wrong
from prove.claiming import claimed
from prove.judging import Seen
from prove.script import Script
from prove.shape import Shape
from prove.ways import Event, Ways
from prove.widening import make

SEEN = Seen("doubled", Event("edge", "posts1", "edge-1", 0), frozenset())


def fails_with_several_targets(shape: Shape, script: Script, seed: int) -> Wrong | None:
    """Say that a fleet fails as long as a link of it chooses among two agents."""
    chooses = any(len(link.targets) > 1 and link.policy != "all" for link in shape.links)
    return Wrong(script, seed, [SEEN]) if chooses else None


def test_agents_among_which_a_link_chooses_get_smaller_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shrinking, "judged", fails_with_several_targets)
    whole = make(1501)
    assert fails_with_several_targets(whole, (), 0)

    small, _ = shrinking.smaller(whole, Wrong((), 1501, [SEEN]))

    assert claimed(small).all
    assert [len(agent.channels) for agent in small.agents] == [1, 1, 1]
    (source,) = small.agent("edge").sources
    assert Ways(small).of(Event("edge", source.name, "edge-1", 0))
