"""A unit allows as many threads as all listeners of its agent together may come to need."""

import re

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.emit.unit import unit
from flumec.runtime.links.settings import SENDERS, LinkSettings

FLEET = """
hosts web = ["web-1"]

hosts core = ["core-1"]

agent tailer on web {
  source numbers : seq

  LINES
}

agent collector on core {
  channel inbox : memory

  sink out : null

  inbox -> out
}

"""
USUAL = LinkSettings.props["senders"].default
MOST = 5_000


def tasks(senders: list[int | None]) -> int:
    """Return what the collector's unit allows where each of its links has a port."""
    lines, links = [], ""
    for number, most in enumerate(senders):
        said = "" if most is None else f"\n  senders = {most}"
        lines.append(f"channel out_{number} : memory\n\n  numbers -> out_{number}")
        links += (
            f"tailer.out_{number} => collector.inbox {{\n  port = {4141 + number}{said}\n}}\n\n"
        )
    compiled = compile_text(FLEET.replace("LINES", "\n\n  ".join(lines)) + links)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    (agent,) = [a for host in compiled.plan.hosts for a in host.agents if a.name == "collector"]
    (found,) = re.findall(r"^TasksMax=(\d+)$", unit(agent), re.MULTILINE)
    return int(found)


@pytest.mark.parametrize("senders", [[None], [MOST], [None, None], [MOST, MOST, 10], [1, 1]])
def test_each_listener_has_three_threads_for_each_sender_that_it_takes(
    senders: list[int | None],
) -> None:
    needed = 3 * sum(USUAL if most is None else most for most in senders)

    assert needed + 1_000 <= tasks(senders) <= max(needed + 1_500, 16_384)


def test_the_most_that_a_listener_takes_is_the_one_that_is_tried_here() -> None:
    assert SENDERS.holds(MOST)
    assert not SENDERS.holds(MOST + 1)
