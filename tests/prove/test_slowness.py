"""A slow host stores bit by bit what comes all at once: others read, and make room, in between."""

import pytest
from prove import simulated
from prove.claiming import claimed
from prove.judging import Judge
from prove.script import parse
from prove.shape import Agent, Arm, Chain, Link, Part, Reading, Shape, Target
from prove.ways import Event

COUNTED = Part("numbers", "seq", (("total", "30"), ("batch", "5")))
FILES = ("directory", '"/srv/s"'), ("format", "json")
EDGE = Agent(
    "edge", ("e",), (COUNTED,), (Part("c", "file", (("events", "8"),)), Part("d", "file")),
    (Part("s", "file_roll", FILES),),
    chains=(Chain("numbers", arms=(
        Arm("0123", (Target("c"),)), Arm("456", (Target("d"), Target("c", optional=True))),
        Arm("", (Target(None),)),
    )),), readings=(Reading("d", ("s",)),),
)  # fmt: skip
STORE = Agent(
    "store", ("h",), (), (Part("inbox", "file"),), (Part("s", "file_roll", FILES),),
    readings=(Reading("inbox", ("s",)),),
)  # fmt: skip
FLEET = Shape((EDGE, STORE), (Link(("edge", "c"), ("store", "inbox"), (("port", "4101"),)),))


@pytest.mark.parametrize(("script", "missed"), [("", []), ("0 slow edge e 1", [15, 16])])
def test_room_is_missed_where_some_was_made_too_early_for_it(
    script: str, missed: list[int]
) -> None:
    made = claimed(FLEET)
    record = simulated.play(FLEET, made.plan, parse(script), 2)
    seen = Judge(FLEET, made.claims).seen(record)

    assert not Judge(FLEET, made.claims).wrong(record)
    assert [each.event for each in seen] == [Event("edge", "numbers", "e", n) for n in missed]
    assert {each.kind for each in seen} <= {"lost"}
