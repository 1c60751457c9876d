"""Fleets whose events go a long way are linted as fast as others, whatever way they go."""

import gc
import time

import pytest
from flumec.compiler.build import lint_text

LINK = """\
{
  port = 4141
  tls = mutual
}
"""


def chained(length: int) -> str:
    """Return a fleet of agents in a row, a source at each, every event going to the last."""
    agents = (
        f"""\
hosts h{i} = ["h{i}"]

agent a{i} on h{i} {{
  source numbers : seq

  channel spool : file

  numbers -> spool
}}
"""
        for i in range(length)
    )
    links = (f"a{i}.spool => a{i + 1}.spool {LINK}\n" for i in range(length - 1))
    return "".join([*agents, *links])


@pytest.mark.slow
def test_a_long_circle_is_said() -> None:
    whole = chained(1_100) + f"a1099.spool => a0.spool {LINK}"

    found = lint_text(whole).diagnostics

    assert [one.code for one in found] == ["FL310"]


@pytest.mark.slow
def test_a_way_twice_as_long_takes_little_more_than_twice_as_long() -> None:
    def seconds(length: int) -> float:
        text = chained(length)
        gc.collect()
        gc.freeze()  # what the tests before left is nothing to look through again
        start = time.process_time()
        lint_text(text)
        taken = time.process_time() - start
        gc.unfreeze()
        return taken

    seconds(100)  # what is loaded once

    assert seconds(2_000) < 3 * min(seconds(1_000) for _ in range(2))
