"""Killed at any put, the agent repeats nothing and loses nothing; and random lives of a log."""

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from flumec.runtime.component import Size
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tail.conftest import Killed, Rig


def life(rig: Rig, at: int, when: str) -> int:
    """Let a log live through rotations, killed at the `at`-th put; return how many there were."""
    rig.declare("a.log*", batch=Size("4KiB"), max_line=Size("3000B"))
    written = []

    def write(start: int, end: int) -> None:
        lines = [b"%06d" % n + b"." * (n % 7 * 600) for n in range(start, end)]
        written.extend(lines)
        rig.write("a.log", b"".join(line + b"\n" for line in lines))

    killed = False

    def step(work: Callable[[], None]) -> None:
        nonlocal killed
        try:
            if rig.follower is None:
                rig.start()
            work()
        except Killed:
            killed = True
            rig.restart()
            rig.rest()

    rig.kill_before = at if when == "before" else 0
    rig.kill_after = 0 if when == "before" else at
    rig.lands = when == "stored"
    write(0, 10)
    step(rig.settle)
    write(10, 20)
    rig.rename("a.log", "a.log.1")
    step(rig.settle)
    write(20, 30)
    step(rig.settle)
    rig.rename("a.log.1", "a.log.2")
    rig.rename("a.log", "a.log.1")
    write(30, 31)
    step(rig.settle)
    (rig.folder / "a.log.2").unlink()
    step(rig.rest)

    found: list[bytes] = []
    for line, part in zip(rig.lines, rig.header("part"), strict=True):
        if part in ("middle", "last"):
            found[-1] += line
        else:
            found.append(line)
    assert found == written
    assert killed == (at > 0)
    return rig.puts


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "stored", "after"])
def test_killed_at_every_put(tmp_path: Path, when: str) -> None:
    puts = life(Rig(tmp_path / "whole"), 0, when)
    assert puts > 8
    for at in range(1, puts + 1):
        rig = Rig(tmp_path / str(at))
        life(rig, at, when)
        rig.kill()


ACTIONS = ("rotate", "replace", "delete", "empty", "settle", "restart", "kill", "start", "rest")

actions = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 60)),
        st.tuples(st.just("half"), st.integers(1, 30)),
        st.tuples(st.sampled_from(ACTIONS), st.just(0)),
    ),
    max_size=25,
)


class Writer:
    """A program that writes lines into a log that is rotated; it knows what it wrote."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.line = 0
        self.generation = 0
        self.open_line = b""
        self.files: dict[int, list[bytes]] = defaultdict(list)

    def text(self) -> bytes:
        self.line += 1
        return b"%d:%06d " % (self.generation, self.line)

    def write(self, lines: int) -> None:
        for _ in range(lines):
            line = self.open_line + self.text()
            self.files[self.generation].append(line)
            self.rig.write("a.log", line[len(self.open_line) :] + b"\n")
            self.open_line = b""

    def half(self, size: int) -> None:
        more = self.text() + b"h" * size
        self.open_line += more
        self.rig.write("a.log", more)

    def leave(self) -> None:
        """The file will get no more lines; its open line ends as it is."""
        if self.open_line:
            self.files[self.generation].append(self.open_line)
            self.open_line = b""
        self.generation += 1


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("FLUMEC_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(actions, st.sampled_from(["a.log", "a.log*"]), st.sampled_from(["rename", "copytruncate"]))
def test_random_lives_of_a_log(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int]],
    glob: str,
    rotation: str,
) -> None:
    rig = Rig(tmp_path_factory.mktemp("life") / "logs")
    rig.declare(glob, rotated=["a.log.*"], rotation=rotation, max_line=Size("1KiB"))
    writer = Writer(rig)
    rotations = 0
    for action, size in steps:
        exists = (rig.folder / "a.log").exists()
        running = rig.follower is not None
        if action == "write":
            writer.write(size)
        elif action == "half":
            writer.half(size)
        elif action == "rotate" and exists:
            rotations += 1
            rotate = rig.rename if rotation == "rename" else rig.copy_truncate
            rotate("a.log", f"a.log.{rotations}")
            writer.leave()
        elif action == "empty" and exists and running:
            rig.settle()
            os.truncate(rig.folder / "a.log", 0)
            writer.open_line = b""  # lost, as it must be
            writer.leave()
        elif action == "replace" and exists and running:
            rig.settle()  # a file that is deleted unseen is lost, as it must be
            rig.write("fresh", b"")
            rig.rename("fresh", "a.log")
            writer.leave()
        elif action == "delete" and exists and running:
            rig.settle()
            (rig.folder / "a.log").unlink()
            writer.leave()
        elif action == "settle" and running:
            rig.settle()
        elif action == "rest" and running:
            rig.rest()
        elif action == "restart" and running and _all_have_names(rig):
            rig.restart()
        elif action == "kill" and running and _all_have_names(rig):
            rig.kill()
        elif action == "start" and not running:
            rig.start()
    if rig.follower is None:
        rig.start()
    rig.rest()
    if (rig.folder / "a.log").exists():
        (rig.folder / "a.log").unlink()
    writer.leave()
    rig.rest()

    found: dict[int, list[bytes]] = defaultdict(list)
    for line in rig.lines:
        found[int(line.split(b":")[0])].append(line)
    rig.kill()
    assert dict(found) == dict(writer.files)


def _all_have_names(rig: Rig) -> bool:
    """Return whether no handle is all that is left of an open line."""
    return not any(file.unlinked and file.rest for file in rig.follower._registry)
