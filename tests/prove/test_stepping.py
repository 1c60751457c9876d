"""What chance does not hit, a search of each step does; and it has an end where nothing is."""

from dataclasses import replace

import pytest
from prove import case, claiming
from prove.case import Case, examine
from prove.claiming import Claimed
from prove.shape import Agent, Chain, Part, Reading, Settings, Shape, Target
from prove.stepping import spread


def test_each_number_is_tried_once_and_the_first_ones_are_far_apart() -> None:
    for count in range(70):
        assert sorted(spread(count)) == list(range(count))
    assert spread(64)[:4] == [0, 32, 16, 48]


def files(name: str) -> Settings:
    roll = ("roll", "{\n  events = 5\n  every = 1s\n}")
    return ("directory", f'"/srv/{name}"'), ("format", "json"), roll


def fleet(sink: str) -> Shape:
    """Return one agent, whose clients name their requests."""
    post = Part("posts", "http", (("port", "4101"), ("request_id", '"Idempotency-Key"')))
    stores = tuple(
        Part(name, sink, files(name) if sink == "file_roll" else ()) for name in ("s", "t")
    )
    agent = Agent(
        "edge", ("h",), (post,), (Part("c", "file"),), stores,
        chains=(Chain("posts", (Target("c"),)),), readings=(Reading("c", ("s", "t"), "failover"),),
    )  # fmt: skip
    return Shape((agent,))


def searched(monkeypatch: pytest.MonkeyPatch, shape: Shape) -> Case:
    """Return what is found with as few lives by chance as there may be."""
    monkeypatch.setattr(case, "make", lambda _: shape)
    monkeypatch.setattr(case, "aimed", lambda *_: ())
    return examine(1, tries=1)


@pytest.mark.slow
@pytest.mark.parametrize("sink", ["logger", "file_roll"])
def test_a_weak_claim_is_shown(monkeypatch: pytest.MonkeyPatch, sink: str) -> None:
    found = searched(monkeypatch, fleet(sink))

    assert found.weaker
    assert not found.unshown
    assert not found.wrong


@pytest.mark.slow
def test_a_claim_that_is_too_weak_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    resending = fleet("file_roll")
    worst = next(iter(claiming.claimed(resending).claims.values())).worst

    def timid(shape: Shape) -> Claimed:
        made = claiming.claimed(shape)
        return Claimed(
            made.plan, {key: replace(each, worst=worst) for key, each in made.claims.items()}
        )

    (agent,) = resending.agents
    waiting = replace(agent.readings[0], in_doubt="wait")
    monkeypatch.setattr(case, "claimed", timid)
    found = searched(monkeypatch, Shape((replace(agent, readings=(waiting,)),)))

    assert found.unshown == found.weaker != []
    assert found.plays > 10
