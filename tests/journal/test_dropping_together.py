"""`drop_oldest` beside other channels: nothing is dropped for a put that another one refuses."""

from threading import Thread

import pytest
from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.records import Full, Outcome, Stored

from .conftest import PATIENCE, Rig

OLDEST = ChannelSpec("a", 1000, durable=True, when_full="drop_oldest")
OTHER = ChannelSpec("b", 1000, durable=True)


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_put_that_is_refused_drops_nothing(rig: Rig, kind: str) -> None:
    rig.open(OLDEST, ChannelSpec("b", 1000, durable=kind == "file", when_full="reject"))
    for _ in range(4):
        rig.put("a", "b", size=250)

    for _ in range(3):
        refused = rig.outcome(rig.submit("a", "b", size=250))
        assert refused == Full("b", rejects=True)

    assert rig.balance() == (8, 0, 0, 8)
    assert rig.rows() == list(range(8))


def test_a_put_that_waits_for_another_channel_drops_once_that_has_room(rig: Rig) -> None:
    rig.open(OLDEST, OTHER)
    for _ in range(4):
        rig.put("a", "b", size=250)
    found: list[Outcome] = []

    def put() -> None:
        found.append(rig.submit("a", "b", size=250, wait=True).result(PATIENCE))

    waiting = Thread(target=put)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    assert rig.balance() == (8, 0, 0, 8)

    rig.done("b", 2)
    waiting.join(PATIENCE)

    assert isinstance(found[0], Stored)
    assert rig.balance() == (10, 0, 2, 8)
    assert rig.rows() == list(range(2, 10))


def test_an_optional_channel_drops_for_what_the_others_take_alone(rig: Rig) -> None:
    rig.open(OLDEST, OTHER)
    for _ in range(4):
        rig.put("a", "b", size=250)

    assert rig.outcome(rig.submit("a", "b", size=250, optional=["a"])) == Full("b")
    assert rig.balance() == (8, 0, 0, 8)

    rig.done("b", 2)
    rig.outcome(rig.submit("a", "b", size=250, optional=["a"]))
    assert rig.balance() == (10, 0, 2, 8)
