"""A channel whose readers rest gets full, from the first read or a later one, over restarts too."""

import pytest
from prove import simulated
from prove.claiming import claimed
from prove.script import parse
from prove.shape import Agent, Chain, Part, Reading, Shape, Target

FILES = (
    ("directory", '"/srv/s"'), ("format", "json"), ("roll", "{\n  events = 5\n  every = 1s\n}"),
)  # fmt: skip


def arrived(script: str) -> list[int]:
    """Return the numbers that come through a channel of eight, which drops the oldest of thirty."""
    made = Part("made", "seq", (("total", "30"), ("batch", "2")))
    channel = Part("c", "file", (("events", "8"), ("when_full", "drop_oldest")))
    agent = Agent(
        "edge", ("h",), (made,), (channel,), (Part("s", "file_roll", FILES),),
        chains=(Chain("made", (Target("c"),)),), readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    shape = Shape((agent,))
    record = simulated.play(shape, claimed(shape).plan, parse(script), 1)
    return [event.number for event in record.arrived["edge", "s", "h"]]


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("", 0),
        ("0 hold edge c h 1", 22),
        ("0 rest edge c h 0", 22),
        ("0 hold edge c h 1\n0.1 kill edge h 0.1\n0.3 kill edge h 0.1", 22),
    ],
)
def test_what_a_reader_finds(script: str, first: int) -> None:
    assert arrived(script) == list(range(first, 30))


def test_a_reader_may_rest_from_a_later_read_on() -> None:
    numbers = arrived("0 rest edge c h 1")

    assert numbers[0] == 0
    assert numbers[-1] == 29
    assert 8 < len(numbers) < 30
