"""A log, its journal, a link, the next journal and the files at the end: random lives of all of it.

Nothing is mocked but the disk, the clock and the network: the real source follows real files, the
real ends of the link speak through a line that is cut, the real sink writes to the second disk. The
power of either machine goes at any of its operations. In the end each line is in one file, in its
place.
"""

import os
import random
from contextlib import suppress
from pathlib import Path

import pytest
from faults.checking import FIRST_ROW
from flumec.runtime.component import Size
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import NOTHING, CrashDisk, LeapingClock, Survival
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.link.test_link_model import Line, Machine, World
from tests.output.conftest import SinkPlace
from tests.tail.conftest import Rig

OUT = Path("/store")
SURVIVALS = (NOTHING, None, Survival(0.5, torn=True, seed=1, apart=True))
"""What a crash leaves; None is for chance to say, the process killed or the power cut."""


class Tailer(Machine):
    """The machine with the log: a source's journal on a disk that may lose power."""

    def __init__(self, folder: Path) -> None:
        super().__init__("a", ("spool",))
        self.rig = Rig(folder)
        self.rig.declare("a.log", rotated=["a.log.*"], batch=Size("4KiB"), max_line=Size("1KiB"))

    def start(self) -> None:
        self.rig.disk = self.disk
        self.rig.start()
        self.journal = self.rig.journal
        self.consumer = self.journal.consumer("out")
        self.up = True

    def down(self, chance: random.Random) -> None:
        if self.rig.follower is not None:
            self.rig.follower.__exit__()
            self.rig.follower = None
        super().down(chance)


class Lives(World):
    """The world of the link's model, with a log before it and files behind it."""

    LARGEST = (2_000, 1 << 20)

    def __init__(self, folder: Path, seed: int, survival: Survival | None) -> None:
        self.chance = random.Random(seed)
        self.tailer = Tailer(folder)
        self.collector = Machine("b", ("in",))
        self.collector.clock = LeapingClock()
        self.tailer.survival = self.collector.survival = survival
        self.line: Line | None = None
        self.late: list[Line] = []
        self.written: list[str] = []
        self.rotations = 0
        self.open_line = False
        self.start_tailer()
        self.start_collector()
        self.collector.disk.make_directory(OUT)

    def write(self, lines: int, *, whole: bool) -> None:
        """Let the log grow, perhaps by half a line at its end."""
        text = ""
        for _ in range(lines):
            if not self.open_line:
                self.written.append(f"{len(self.written):06d}" + "." * self.chance.choice((0, 90)))
                text += self.written[-1]
            text += "\n"
            self.open_line = False
        if not whole:
            self.written.append(f"{len(self.written):06d} begun")
            text += self.written[-1]
            self.open_line = True
        self.tailer.rig.write("a.log", text.encode())

    def rotate(self) -> None:
        """Give the log another name; the next line begins a new one."""
        if not self.open_line and (self.tailer.rig.folder / "a.log").exists():
            self.rotations += 1
            self.tailer.rig.rename("a.log", f"a.log.{self.rotations:03d}")

    def follow(self) -> None:
        """Give the source a few turns."""
        self.tailer.rig.settle_for(3)

    def deliver_files(self) -> None:
        """Have the sink take what there is, and publish it."""
        journal, disk = self.collector.journal, self.collector.disk
        place = SinkPlace(journal.consumer("in-reader"), disk)
        looks = iter(range(4))
        place.until = lambda: disk.dead or next(looks, None) is None
        sink = FileRoll("in-reader", directory=OUT, roll=Roll(events=self.chance.choice((5, 40))))
        with suppress(StopIteration):
            sink.run(place)

    def start_collector(self) -> None:
        super().start_collector()
        self.collector.disk.make_directory(OUT)

    def rest(self) -> None:
        """Let every line arrive, without further misfortune."""
        for machine in (self.tailer, self.collector):
            machine.disk.cut_at = None
        if self.open_line:
            self.write(1, whole=True)
        for _ in range(3):
            self.guarded(lambda world: world.tailer.rig.settle())  # type: ignore[attr-defined]
            self.tailer.rig.clock.advance(11)
        self.guarded(lambda world: world.tailer.rig.settle())  # type: ignore[attr-defined]
        self.quiesce()
        self.guarded(Lives.deliver_files)
        self.guarded(Lives.deliver_files)

    def files(self) -> list[str]:
        """Return all published lines, in the order of the files' names, which is that of rows."""
        disk: CrashDisk = self.collector.disk
        names = [name for name in disk.names(OUT) if name.endswith(".log")]
        names.sort(key=lambda name: FIRST_ROW.search(name)[1])  # type: ignore[index]
        return [line for name in names for line in disk.content(OUT / name).decode().splitlines()]


def lives(folder: Path) -> type[RuleBasedStateMachine]:
    """Return the machine whose logs lie below a folder."""
    born = iter(range(1_000_000))

    class Machinery(RuleBasedStateMachine):
        """Steps of a life, in any order."""

        @initialize(seed=st.integers(0, 1 << 16), survival=st.sampled_from(SURVIVALS))
        def begin(self, seed: int, survival: Survival | None) -> None:
            self.lives = Lives(folder / str(next(born)), seed, survival)

        @rule(lines=st.integers(1, 30), whole=st.booleans())
        def write(self, lines: int, whole: bool) -> None:
            self.lives.write(lines, whole=whole)

        @rule(
            step=st.sampled_from((
                Lives.rotate, Lives.follow, Lives.follow, Lives.connect, Lives.cut,
                Lives.deliver_late, Lives.settle, Lives.deliver_files, Lives.kill_tailer,
                Lives.kill_collector,
            ))
        )  # fmt: skip
        def step(self, step: "object") -> None:
            self.lives.guarded(step)  # type: ignore[arg-type]

        @rule(times=st.integers(1, 4))
        def exchange(self, times: int) -> None:
            for _ in range(times):
                for step in (Lives.connect, Lives.send, Lives.receive, Lives.acknowledge):
                    self.lives.guarded(step)

        @rule(end=st.sampled_from(("tailer", "collector")), after=st.integers(1, 5))
        def doom(self, end: str, after: int) -> None:
            disk = getattr(self.lives, end).disk
            disk.cut_at = disk.operations + after

        def teardown(self) -> None:
            if not hasattr(self, "lives"):
                return
            self.lives.rest()
            found = self.lives.files()
            self.lives.tailer.rig.follower.__exit__()
            self.lives.close()
            assert found == self.lives.written

    return Machinery


@pytest.mark.timeout(400)
@pytest.mark.parametrize("examples", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_each_line_is_in_one_file_whatever_happens_on_its_way(
    tmp_path: Path, examples: int
) -> None:
    run_state_machine_as_test(
        lives(tmp_path),
        settings=settings(
            max_examples=int(os.environ.get("FLUMEC_EXAMPLES", str(examples))),
            stateful_step_count=30,
            deadline=None,
            derandomize=examples < 10,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_oracle_sees_a_line_that_is_missing(tmp_path: Path) -> None:
    world = Lives(tmp_path / "life", 1, None)
    world.write(20, whole=True)
    world.rest()
    assert world.files() == world.written
    world.written.append("never written")
    assert world.files() != world.written
    world.tailer.rig.follower.__exit__()
    world.close()
