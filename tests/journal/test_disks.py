"""The disk and its double keep one contract; the double also loses what it may, and no more."""

import errno
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from flumec.runtime.disk import Disk, RealDisk
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

Place = tuple[Disk, Path]


@pytest.fixture(params=[RealDisk, CrashDisk])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    disk: Disk = request.param()
    disk.make_directory(tmp_path / "a" / "b")
    return disk, tmp_path / "a" / "b"


def test_what_is_written_is_read(place: Place) -> None:
    disk, folder = place
    file = disk.open(folder / "x", "create")
    file.write([b"%d," % n for n in range(3000)], 5)
    text = b"".join(b"%d," % n for n in range(3000))
    assert file.read(10**6, 0) == bytes(5) + text
    buffer = bytearray(8)
    assert file.read_into(buffer, 5 + len(text) - 4) == 4
    assert bytes(buffer[:4]) == text[-4:]
    assert disk.open(folder / "x").read(4, 5) == text[:4]
    assert disk.stat(folder / "x").st_size == file.stat().st_size == 5 + len(text)


def test_modes(place: Place) -> None:
    disk, folder = place
    with pytest.raises(FileNotFoundError):
        disk.open(folder / "x")
    disk.open(folder / "x", "create").close()
    with pytest.raises(FileExistsError):
        disk.open(folder / "x", "create")
    disk.open(folder / "x", "write").write([b"old"], 0)
    assert disk.open(folder / "x", "write").read(9, 0) == b"old"
    with pytest.raises(FileNotFoundError):
        disk.open(folder / "no folder" / "x", "create")


def test_names(place: Place) -> None:
    disk, folder = place
    disk.make_directory(folder)
    for name in ("y", "x"):
        disk.open(folder / name, "create").write([name.encode()], 0)
    disk.make_directory(folder / "z")
    assert disk.names(folder) == ["x", "y", "z"]
    disk.rename(folder / "x", folder / "y")
    assert disk.names(folder) == ["y", "z"]
    assert disk.open(folder / "y").read(9, 0) == b"x"
    disk.unlink(folder / "y")
    disk.remove_directory(folder / "z")
    assert disk.names(folder) == []
    for missing in (disk.unlink, disk.stat, disk.names):
        with pytest.raises(FileNotFoundError):
            missing(folder / "x")
    disk.sync_directory(folder)
    assert disk.free(folder) > 0


def test_allocated_and_cut(place: Place) -> None:
    disk, folder = place
    file = disk.open(folder / "x", "create")
    file.allocate(20_000)
    file.write([b"x" * 16_384], 0)
    assert file.stat().st_size == 20_000
    assert file.read(20_000, 0) == b"x" * 16_384 + bytes(3616)
    file.truncate(100)
    assert file.read(20_000, 0) == b"x" * 100


def test_a_lock_is_held_until_its_file_is_closed(place: Place) -> None:
    disk, folder = place
    one, two = disk.open(folder / "x", "write"), disk.open(folder / "x", "write")
    assert one.lock()
    assert not two.lock()
    one.close()
    assert two.lock()


def crashed(work: Callable[[CrashDisk], None], survival: Survival) -> CrashDisk:
    disk = CrashDisk()
    disk.make_directory(Path("/d"))
    work(disk)
    return disk.reboot(survival)


def test_only_what_was_synced_is_certain() -> None:
    def work(disk: CrashDisk) -> None:
        file = disk.open(Path("/d/x"), "create")
        file.write([b"synced"], 0)
        file.sync()
        disk.sync_directory(Path("/d"))
        file.write([b"lost"], 0)
        disk.open(Path("/d/unsynced name"), "create").sync()
        disk.rename(Path("/d/x"), Path("/d/renamed"))

    lost = crashed(work, NOTHING)
    assert lost.names(Path("/d")) == ["x"]
    assert lost.content(Path("/d/x")) == b"synced"
    kept = crashed(work, EVERYTHING)
    assert kept.names(Path("/d")) == ["renamed", "unsynced name"]
    assert kept.content(Path("/d/renamed")) == b"losted"
    half = crashed(work, Survival(0.0, 0.5))
    assert half.names(Path("/d")) == ["unsynced name", "x"]


def test_a_prefix_a_suffix_or_any_sectors_survive_and_one_may_be_torn() -> None:
    def work(disk: CrashDisk) -> None:
        file = disk.open(Path("/d/x"), "create")
        file.allocate(2048)
        file.sync()
        disk.sync_directory(Path("/d"))
        file.write([b"a" * 512 + b"b" * 512 + b"c" * 512 + b"d" * 512], 0)

    def content(survival: Survival) -> bytes:
        return crashed(work, survival).content(Path("/d/x"))[::256]

    assert content(Survival(0.5, 1.0)) == b"aabb" + bytes(4)
    assert content(Survival(0.5, 1.0, "last")) == bytes(4) + b"ccdd"
    assert content(Survival(0.5, 1.0, torn=True)) == b"aabbc\x39" + bytes(2)
    seen = {content(Survival(0.5, 1.0, "any", seed=seed)) for seed in range(200)}
    sectors = [(bytes(2), letter * 2) for letter in (b"a", b"b", b"c", b"d")]
    assert seen == {b"".join(chosen) for chosen in product(*sectors)}


def test_what_one_file_got_last_may_survive_when_what_another_got_before_does_not() -> None:
    def work(disk: CrashDisk) -> None:
        files = [disk.open(Path(f"/d/{name}"), "create") for name in "xyz"]
        disk.sync_directory(Path("/d"))
        for file, text in zip(files, (b"first", b"second", b"third"), strict=True):
            file.write([text], 0)

    def content(seed: int) -> tuple[bytes, ...]:
        disk = crashed(work, Survival(0.5, apart=True, seed=seed))
        return tuple(disk.content(Path(f"/d/{name}")) for name in "xyz")

    kept = [(b"", text) for text in (b"first", b"second", b"third")]
    assert {content(seed) for seed in range(100)} == set(product(*kept))


def test_a_change_of_one_directory_may_survive_when_an_older_one_of_another_does_not() -> None:
    def work(disk: CrashDisk) -> None:
        disk.make_directory(Path("/e"))
        disk.open(Path("/d/x"), "create")
        disk.open(Path("/e/y"), "create")

    def names(seed: int) -> str:
        disk = crashed(work, Survival(apart=True, seed=seed))
        return "".join(disk.names(Path("/d")) + disk.names(Path("/e")))

    assert {names(seed) for seed in range(100)} == {"", "x", "y", "xy"}


def test_a_directory_is_certain_once_its_parent_was_synced() -> None:
    disk = CrashDisk(cut_at=2)
    with pytest.raises(PowerCut):
        disk.make_directory(Path("/d"))
    assert disk.reboot(NOTHING).names(Path("/")) == []
    assert disk.reboot(EVERYTHING).names(Path("/")) == ["d"]
    disk = CrashDisk()
    disk.make_directory(Path("/d"))
    disk = disk.reboot(NOTHING)
    assert disk.names(Path("/")) == ["d"]
    disk.remove_directory(Path("/d"))
    disk = disk.reboot(NOTHING)
    assert disk.names(Path("/")) == ["d"]
    disk.remove_directory(Path("/d"))
    disk.sync_directory(Path("/"))
    assert disk.reboot(NOTHING).names(Path("/")) == []


def test_with_a_directory_that_is_lost_goes_all_that_is_in_it() -> None:
    disk = CrashDisk(cut_at=2)
    with pytest.raises(PowerCut):
        disk.make_directory(Path("/d"))
    disk = disk.kill()
    disk.make_directory(Path("/d"))
    disk.open(Path("/d/x"), "create").sync()
    disk.sync_directory(Path("/d"))
    assert disk.reboot(NOTHING).names(Path("/")) == []


@pytest.mark.parametrize("kill", [False, True])
def test_what_has_left_a_directory_is_not_brought_back_by_a_move_that_is_synced_later(
    kill: bool,
) -> None:
    disk = CrashDisk()
    disk.make_directory(Path("/a/new/old name"))
    disk.rename(Path("/a/new"), Path("/a/b"))
    disk = disk.kill() if kill else disk
    disk.rename(Path("/a/b/old name"), Path("/a/b/name"))
    disk.sync_directory(Path("/a/b"))
    disk.sync_directory(Path("/a"))

    assert disk.reboot().names(Path("/a/b")) == ["name"]


def test_what_a_moved_directory_got_is_not_taken_by_an_older_sync_of_it() -> None:
    disk = CrashDisk()
    disk.make_directory(Path("/a/b"))
    disk.open(Path("/a/b/x"), "create")
    disk.rename(Path("/a/b"), Path("/a/c"))
    disk.sync_directory(Path("/a/b"))
    disk.sync_directory(Path("/a"))

    assert disk.reboot().names(Path("/a")) == ["c"]
    assert disk.reboot().names(Path("/a/c")) == ["x"]


def test_what_a_killed_process_did_not_sync_is_seen_but_may_still_be_lost() -> None:
    disk = CrashDisk()
    disk.make_directory(Path("/d"))
    disk.open(Path("/d/x"), "create").write([b"unsynced"], 0)
    disk.sync_directory(Path("/d"))
    disk.rename(Path("/d/x"), Path("/d/y"))
    after = disk.kill()
    with pytest.raises(PowerCut):
        disk.names(Path("/d"))
    assert after.content(Path("/d/y")) == b"unsynced"
    lost = after.reboot(NOTHING)
    assert lost.names(Path("/d")) == ["x"]
    assert lost.content(Path("/d/x")) == b""
    after = after.kill()
    after.open(Path("/d/y"), "write").sync()
    after.sync_directory(Path("/d"))
    assert after.reboot(NOTHING).content(Path("/d/y")) == b"unsynced"


def test_a_rotten_file_cannot_be_read() -> None:
    disk = CrashDisk()
    disk.make_directory(Path("/d"))
    file = disk.open(Path("/d/x"), "create")
    disk.rotten.add(Path("/d/x"))
    for read in (lambda: file.read(1, 0), lambda: file.read_into(bytearray(1), 0)):
        with pytest.raises(OSError, match="Input/output"):
            read()


def test_the_power_goes_once_and_for_all() -> None:
    disk = CrashDisk(cut_at=4)  # a directory is made and its parent synced, then a file
    disk.make_directory(Path("/d"))
    file = disk.open(Path("/d/x"), "create")
    for act in (file.sync, file.sync, lambda: file.read(1, 0), lambda: disk.names(Path("/d"))):
        with pytest.raises(PowerCut):
            act()
    assert disk.reboot().names(Path("/d")) == []


def test_a_failure_is_one_operation() -> None:
    disk = CrashDisk(fail_at=4)
    disk.make_directory(Path("/d"))
    file = disk.open(Path("/d/x"), "create")
    with pytest.raises(OSError, match="Input/output") as raised:
        file.sync()
    assert raised.value.errno == errno.EIO
    file.sync()


def test_room_runs_out_and_comes_back() -> None:
    disk = CrashDisk(room=10_000)
    disk.make_directory(Path("/d"))
    file = disk.open(Path("/d/x"), "create")
    file.allocate(8192)
    with pytest.raises(OSError, match="No space"):
        disk.open(Path("/d/y"), "create").allocate(4096)
    file.truncate(4096)
    disk.open(Path("/d/y"), "write").allocate(4096)
