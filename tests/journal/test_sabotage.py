"""The crash tests can fail: take out one sync or one checksum, and an invariant breaks."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.checksum import crc32
from flumec.runtime.disk import DiskFile
from flumec.runtime.journal import Journal
from flumec.runtime.journal.records import Cursor, Progress, Stored
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival
from flumec.runtime.testing.crash_disk import CrashFile

from .conftest import Rig

DIRECTORY = Path("/state/journal")
TORN = [Survival(share / 8, 1.0, torn=True) for share in range(8)]
ANY = [Survival(share, 1.0, "any", seed=seed) for share in (0.5, 0.8) for seed in range(6)]


def story(rig: Rig, cut_at: int) -> int:
    """Put and be done until the power goes; return how many puts were acknowledged."""
    rig.disk = CrashDisk()
    rig.disk.make_directory(DIRECTORY.parent)
    rig.disk.cut_at = rig.disk.operations + cut_at
    acknowledged = 0
    try:
        rig.open()
        for number in range(8):
            start = str(number).encode() if number else b""
            step = Progress("source", b"file", start, str(number + 1).encode())
            outcome = rig.outcome(rig.submit("a", size=5000, progress=[step]))
            assert isinstance(outcome, Stored)
            acknowledged += 1
            if number == 5:
                rig.rows()
                rig.consumer().advance(Cursor(2 * acknowledged, delivered=12)).result(20)
    except AssertionError:
        raise
    except Exception:
        assert rig.disk.dead
    return acknowledged


def survives(rig: Rig, survivals: Sequence[Survival]) -> None:
    """Hold every cut of the story to the invariants."""
    for cut_at in count(1):
        acknowledged = story(rig, cut_at)
        disk = rig.disk
        finished = not disk.dead
        for survival in survivals:
            rig.disk = disk.reboot(survival)
            rig.open()
            position = rig.journal.positions("source").get(b"file")
            puts = int(position.to) if position else 0
            assert acknowledged <= puts
            low = rig.consumer().cursor.low
            assert rig.rows() == list(range(low, 2 * puts))
            rig.balance()
            rig.journal.close()
        if finished:
            return


def broken(rig: Rig, survivals: Sequence[Survival]) -> None:
    with pytest.raises(Exception) as raised:
        survives(rig, survivals)
    assert not isinstance(raised.value, PowerCut)


@pytest.mark.slow
def test_nothing_breaks_as_it_is(rig: Rig) -> None:
    survives(rig, [NOTHING, EVERYTHING, *ANY, *TORN])


def test_without_the_sync_of_a_group_acknowledged_puts_are_lost(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flumec.runtime.journal.log import Log

    real_sync, disks_sync = Log.sync, CrashFile.sync

    def sync(self: Log) -> int:
        monkeypatch.setattr(CrashFile, "sync", lambda file: None)
        try:
            return real_sync(self)
        finally:
            monkeypatch.setattr(CrashFile, "sync", disks_sync)

    monkeypatch.setattr(Log, "sync", sync)
    broken(rig, [NOTHING])


def test_without_the_sync_of_the_directory_segments_are_lost(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CrashDisk, "sync_directory", lambda self, path: None)
    broken(rig, [NOTHING])


def test_without_the_heads_checksum_torn_groups_are_believed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(data: memoryview, end: int, seed: int) -> int:
        return int.from_bytes(data[44:48], "little")

    monkeypatch.setattr("flumec.runtime.journal.walk.group_crc", stored)
    broken(rig, [*ANY, *TORN])


def test_without_the_bodies_checksum_torn_bodies_are_believed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(data: bytes) -> int:
        return 0 if len(data) == 5000 else crc32(data)

    for module in ("prepare", "recovery", "live"):
        monkeypatch.setattr(f"flumec.runtime.journal.{module}.crc32", blind)
    checked = Journal.consumer

    def whole(self: Journal, name: str) -> Any:
        consumer = checked(self, name)
        for chunk in consumer.read(0):
            assert bytes(chunk.body) == b"x" * chunk.body.size
        return consumer

    monkeypatch.setattr(Journal, "consumer", whole)
    broken(rig, ANY)


def test_freeing_before_the_snapshot_is_durable_forgets(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flumec.runtime.journal.log import Log

    real_roll = Log.roll

    def roll(self: Log, *args: Any, **more: Any) -> None:
        for known in list(self._state.segments):
            self._disk.unlink(self.directory / f"{known:020}.seg")
        self._disk.sync_directory(self.directory)
        real_roll(self, *args, **more)

    monkeypatch.setattr(Log, "roll", roll)
    broken(rig, [NOTHING])


def test_appending_what_recovery_found_without_copying_it_loses_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process leaves a group whose sync had failed; then the power goes."""
    from flumec.runtime.journal import opening

    real_recover = opening.recover

    def recover(*args: Any) -> Any:
        found = real_recover(*args)
        found.copied.clear()
        return found

    def life() -> list[int]:
        rig.disk = CrashDisk()
        rig.disk.make_directory(DIRECTORY.parent)
        rig.open()
        rig.put("a")
        rig.disk.fail_at = rig.disk.operations + 2
        with pytest.raises(Exception, match="writing failed"):
            rig.put("a")
        rig.disk = rig.disk.kill()
        rig.open()
        rig.disk = rig.disk.reboot()
        rig.open()
        return rig.rows()

    assert life() == [0, 1, 2, 3]
    monkeypatch.setattr(opening, "recover", recover)
    assert life() != [0, 1, 2, 3]


def test_a_group_behind_an_unsynced_one_would_make_a_torn_end_look_like_damage() -> None:
    """Why nothing is written behind an unsynced group: the later one may reach the disk first."""
    disk = CrashDisk()
    disk.make_directory(DIRECTORY)
    file: DiskFile = disk.open(DIRECTORY / "file", "create")
    file.sync()
    disk.sync_directory(DIRECTORY)
    file.write([b"first".ljust(512)], 0)
    file.write([b"second".ljust(512)], 512)
    after = disk.reboot(Survival(0.5, 1.0, "last"))
    assert after.content(DIRECTORY / "file").strip(b"\0 ") == b"second"
