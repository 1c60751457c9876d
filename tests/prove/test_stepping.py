"""What chance does not hit, a search of each step does; and it has an end where nothing is."""

from dataclasses import replace
from typing import get_args

import pytest
from flumec.compiler.world.steps import Note
from prove import case, claiming
from prove.case import Case, examine
from prove.claiming import Claimed
from prove.judging import Record
from prove.shape import Agent, Chain, Part, Reading, Settings, Shape, Target
from prove.stepping import Search, spread, stepped


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


def test_steps_before_any_event_came_are_the_last_ones() -> None:
    tried = steps_tried("sent", sent=[1, 7])

    assert tried[:2] == [7, 8]
    assert set(tried[-5:]) == set(range(5))


def test_steps_come_by_how_far_they_are_behind_what_was_given() -> None:
    assert steps_tried("given", given=[5, 7], parted=[6, 8])[:4] == [6, 8, 5, 7]
    assert steps_tried("given", parted=[6])[:3] == [6, 7, 8]


def steps_tried(first: Note, **noted: list[int]) -> list[int]:
    doom = "doom", ("edge", "h")
    notes = {note: {doom: noted.get(note, [])} for note in get_args(Note)}
    record = Record(steps={doom: 9}, begun={doom: 5}, notes=notes)
    search = Search(0, (), (doom,), first, at_once=False)
    return [int(action.amount) for (action,) in stepped(search, record)]
