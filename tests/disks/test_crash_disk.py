"""A disk whose power can be cut before each operation: every beginning of what was done is seen."""

from contextlib import suppress
from pathlib import Path

from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival

A, B = Path("/d/a"), Path("/d/b")


def work(disk: CrashDisk) -> None:
    """Change files and names, with and without syncs."""
    disk.make_directory(A.parent)
    file = disk.open(A, "create")
    file.write([b"one"], 0)
    file.sync()
    file.write([b"two"], 3)
    other = disk.open(B, "create")
    file.allocate(4096)
    disk.unlink(B)
    file.truncate(6)
    other.write([b"of nobody"], 0)
    file.write([b"three"], 6)
    disk.rename(A, B)
    file.write([b"four"], 11)
    disk.sync_directory(A.parent)


def seen(disk: CrashDisk) -> dict[str, bytes]:
    return {path: disk.content(Path(path)) for path in disk.files()}


def test_each_beginning_of_what_was_done_is_what_a_cut_leaves_where_everything_survives() -> None:
    states: list[dict[str, bytes]] = []

    class Watched(CrashDisk):
        def count(self, what: str) -> None:
            states.append(seen(self))  # before each operation
            super().count(what)

    work(Watched())
    for cut, state in enumerate(states, 1):
        disk = CrashDisk(cut)
        with suppress(PowerCut):
            work(disk)
        assert seen(disk.kill()) == state, disk.log[-1]
        assert seen(disk.reboot(EVERYTHING)) == state, disk.log[-1]
    assert len(states) == 15


def test_the_write_in_which_the_power_went_may_be_there_in_part() -> None:
    disk = CrashDisk()
    file = disk.open(Path("/a"), "create")
    disk.sync_directory(Path("/"))
    disk.cut_at = disk.operations + 1
    with suppress(PowerCut):
        file.write([b"x" * 2048], 0)

    left = {len(disk.reboot(Survival(part / 4, 1.0)).content(Path("/a"))) for part in range(5)}

    assert left == {0, 512, 1024, 1536, 2048}
    assert disk.reboot(NOTHING).content(Path("/a")) == b""
