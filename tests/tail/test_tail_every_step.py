"""Something happens before each single look at a log: every line is stored once all the same.

Rotations, kills and inodes that are given out again come before each of the source's system calls
in turn, also while it begins; and its journal loses power at each of its operations.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import thorough
from flumec.runtime.component import Size
from flumec.runtime.journal import JournalFailed
from flumec.runtime.testing import NOTHING, PowerCut, Survival

from tests.tail.between import Between
from tests.tail.conftest import Killed, Rig

Happens = Callable[["Life"], None]


class Life:
    """A log, its source, and what was written."""

    def __init__(self, folder: Path, between: Between, happens: Happens) -> None:
        self.rig = Rig(folder)
        rotation = "copytruncate" if happens is copy_and_empty else "rename"
        self.rig.declare(batch=Size("4KiB"), rotated=["a.log.*"], rotation=rotation)
        self.between = between
        self.files: list[list[bytes]] = [[]]
        """The lines of each file, in the files' order."""
        self.crashes = 0
        self.survival: Survival | None = None
        """What a power cut leaves; None if it is but the process that ends."""
        self._happens = happens
        self._lines = 0

    def write(self, lines: int) -> None:
        """Have the log grow; each line is like no other."""
        new = [b"%04d" % (self._lines + n) + b"." * (n % 4 * 300) for n in range(lines)]
        self._lines += lines
        self.files[-1] += new
        self.rig.write("a.log", b"".join(line + b"\n" for line in new))

    def rotate(self) -> None:
        """Give the log another name; the next line begins a new one."""
        self.rig.rename("a.log", "a.log.1")
        self.files.append([])

    def step(self, work: Callable[[], None]) -> None:
        """Let the source work; if it is killed meanwhile, its successor does."""
        while True:
            try:
                if self.rig.follower is None:
                    self.rig.start()
                work()
            except (Killed, PowerCut, JournalFailed):
                self.crashes += 1
                self.crash()
            else:
                return

    def crash(self) -> None:
        """End the process, or cut the power."""
        disk = self.rig.disk
        self.rig.kill()
        if self.survival is not None:
            self.rig.disk = disk.reboot(self.survival)

    def run(self, at: int) -> int:
        """Live, with something before the `at`-th look; return how many looks there were."""
        self.write(1)
        self.rig.rename("a.log", "a.log.0")
        self.files.append([])
        if self._happens in OF_WHAT_IS_READ:
            self.write(12)
            self.step(self.rig.settle)
        self.between.before({at: lambda: self._happens(self)})
        self.write(12)
        self.step(self.rig.settle)
        self.write(12)
        self.step(lambda: self.rig.settle_for(2))
        self.write(3)
        self.step(self.rig.settle)
        looks = self.between.looks
        self.step(self.rig.rest)
        return looks

    def judge(self, *, in_order: bool) -> None:
        """Require each line once, in its file's order, perhaps each file in its order; end."""
        found = self.rig.lines
        self.rig.kill()
        written = [line for lines in self.files for line in lines]
        assert sorted(found) == sorted(written)
        for lines in self.files:
            of_this = set(lines)
            assert [line for line in found if line in of_this] == lines
        assert found == written or not in_order


def kill(_life: Life) -> None:
    """The process ends."""
    raise Killed


def rotate(life: Life) -> None:
    """The log gets another name, and its successor begins."""
    life.rotate()
    life.write(7)


def rotate_and_write_later(life: Life) -> None:
    """The log gets another name, and for a while there is none."""
    life.rotate()


def rotate_twice(life: Life) -> None:
    """Two rotations, between which nobody could look."""
    rotate(life)
    life.rig.rename("a.log.1", "a.log.2")
    rotate(life)


def rotate_and_die(life: Life) -> None:
    """A rotation, and nobody is there to see it."""
    rotate(life)
    raise Killed


def give_an_inode_out_again(life: Life) -> None:
    """The oldest file, which was read, goes; the newest is likely to get its inode."""
    life.rotate()
    (life.rig.folder / "a.log.0").unlink()
    life.write(7)


def copy_and_empty(life: Life) -> None:
    """The log is copied and emptied in one go, as no program can; the copy has what was unread."""
    life.rig.copy_truncate("a.log", "a.log.1")
    life.files.append([])
    life.write(7)


HAPPENINGS = (
    kill, rotate, rotate_and_write_later, rotate_twice, rotate_and_die, give_an_inode_out_again,
    copy_and_empty,
)  # fmt: skip
OF_WHAT_IS_READ = (give_an_inode_out_again,)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("happens", HAPPENINGS, ids=lambda happens: happens.__name__)
def test_whatever_happens_before_any_look(
    tmp_path: Path, between: Between, happens: Happens
) -> None:
    looks = Life(tmp_path / "whole", between, happens).run(0)
    assert looks > 40
    for at in range(1 + thorough.phase(happens.__name__), looks + 1, thorough.step()):
        life = Life(tmp_path / str(at), between, happens)
        life.run(at)
        life.judge(in_order=happens is not copy_and_empty)
        assert life.crashes == (happens in (kill, rotate_and_die))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "survival", [None, NOTHING, Survival(0.5, torn=True, seed=3, apart=True)],
    ids=["killed", "nothing unsynced survives", "some of it does"],
)  # fmt: skip
def test_the_journal_ends_at_any_operation_while_the_log_is_rotated(
    tmp_path: Path, between: Between, survival: Survival | None
) -> None:
    whole = Life(tmp_path / "whole", between, rotate)
    whole.run(20)
    operations = whole.rig.disk.operations
    whole.judge(in_order=True)
    for cut in count(1 + thorough.phase(survival), thorough.step()):
        life = Life(tmp_path / str(cut), between, rotate)
        life.survival = survival
        life.rig.disk.cut_at = cut
        life.run(20)
        life.judge(in_order=True)
        if not life.crashes:  # puts may share a sync, and then it takes fewer operations
            break
    assert cut > operations // 2
