"""What steps make of a put may be more than the journal takes: then fewer lines are put at once."""

import os
from pathlib import Path

from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.runtime.tail.pace import MOST, STORED, Pace

FLEET = """
hosts web = ["web-1"]

agent a on web {
  source log : taildir {
    files = ["/var/log/x.log"]
  }

  channel spool : file

  sink shown : null

  log -> static(header.more, "MORE") -> spool
  spool -> shown
}
"""


def test_lines_are_put_in_smaller_parts_until_they_are_taken() -> None:
    """64 Ki lines with 1.5 KB each are refused, and again and again if all of them come again."""
    plan = compile_text(FLEET.replace("MORE", "x" * 1500)).plan
    assert plan is not None
    with World(plan) as world:
        machine = world.machines["web-1"]
        source = next(part for part in machine.agents["a"].parts if part.name == "log")
        path: Path = machine.files.path(machine.files.first(source))
        world.advance(3)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\n" * (MOST + 10))
        os.utime(path, ns=(world.clock.now_ns(),) * 2)
        world.scheduler.stir()

        assert world.rest(600)
        assert len(world.delivered("a", "shown")) == MOST + 10


def test_a_window_ends_behind_about_so_many_lines() -> None:
    pace, data = Pace(64), bytearray(b"one\ntwo\nthree\nfour\nfive")
    assert pace.end_of(data, len(data)) == len(data)
    pace.lines = 2
    assert bytes(data[: pace.end_of(data, len(data))]) == b"one\ntwo\n"
    pace.lines = 1
    assert bytes(data[: pace.end_of(data, len(data))]) == b"one\n"
    assert pace.end_of(bytearray(b"a long one\n\n\n\n"), 14) == len("a long one\n")


def test_the_pace_is_found_again() -> None:
    pace = Pace(64)
    for _ in range(40):
        pace.refused(pace.lines)
    assert pace.lines == 1
    for _ in range(STORED - 1):
        pace.stored()
    assert pace.lines == 1
    for _ in range(40 * STORED):
        pace.stored()
    assert pace.lines == MOST


def test_the_parts_of_a_long_line_are_lines_too() -> None:
    pace = Pace(4)
    pace.lines = 2
    assert pace.end_of(bytearray(100), 100) == 8
