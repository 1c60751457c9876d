"""What is optional for some events of a put and required for others is never left out."""

import pytest
from prove.claiming import claimed
from prove.shape import Agent, Arm, Chain, Part, Reading, Shape, Target
from prove.together import is_kept_anyway

ARMS = (Arm("456", (Target("here", optional=True),)), Arm("", (Target("here"),)))


def fleet(batch: int) -> Shape:
    """Return one agent with a counter whose events with 4, 5 and 6 are optional."""
    numbers = Part("numbers", "seq", (("total", "30"), ("batch", str(batch))))
    files = Part("files", "file_roll", (("directory", '"/srv/files"'),))
    agent = Agent(
        "lone", ("lone-1",), (numbers,), (Part("here", "file", (("events", "8"),)),), (files,),
        chains=(Chain("numbers", arms=ARMS),), readings=(Reading("here", ("files",)),),
    )  # fmt: skip
    return Shape((agent,))


@pytest.mark.parametrize(("batch", "kept"), [(7, True), (5, True), (2, False), (1, False)])
def test_what_each_put_requires_is_never_left_out(batch: int, kept: bool) -> None:
    (claim,) = claimed(fleet(batch)).all
    assert claim.weakest is not None
    assert is_kept_anyway(fleet(batch), claim.weakest) is kept
