"""Every byte of a small journal rots, one after the other: no more is lost, and all is said."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import thorough
from flumec.runtime.batch import BODY, encode
from flumec.runtime.channel.frames import Frames
from flumec.runtime.channel.salvage import Salvage
from flumec.runtime.clock import SystemClock
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, JournalDamaged
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.examination import Examination
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.records import Cursor, Frame, Progress, Put
from flumec.runtime.journal.recovery import recover
from flumec.runtime.journal.walk import segment_path
from flumec.runtime.testing import CrashDisk

pa = pytest.importorskip("pyarrow")

DIRECTORY = Path("/state/journal")
SEGMENT = segment_path(DIRECTORY, 1)
ROWS = {"a": [0, 1, 2], "b": [2, 3]}


@pytest.fixture(scope="module")
def sound() -> CrashDisk:
    """Return a disk with a journal of three frames in two channels, closed as it should be."""
    disk = CrashDisk()
    disk.make_directory(DIRECTORY.parent)
    journal = Journal.open(
        DIRECTORY, disk=disk, clock=SystemClock(), identity=Identity("host", "agent", "1", ""),
        channels=[ChannelSpec(name, 1 << 20, durable=True) for name in "ab"], sources=["s"],
        consumers=[ConsumerSpec(f"to_{name}", name) for name in "ab"], segment_size=16 << 10,
    )  # fmt: skip
    for channels, bodies in (("a", [b"one", b"two"]), ("ab", [b"three"]), ("b", [b"four"])):
        batch = pa.RecordBatch.from_pydict({BODY: pa.array(bodies, pa.binary())})
        frame = Frame(tuple(channels), len(bodies), encode(batch))
        step = Progress("s", channels.encode(), b"", b"1")
        journal.submit(Put((frame,), (step,))).result(20)
    journal.consumer("to_a").advance(Cursor(0, note=b"note")).result(20)
    journal.close()
    return disk


def rotten(sound: CrashDisk, offset: int) -> CrashDisk:
    disk = sound.kill()
    disk.corrupt(SEGMENT, offset, 1 << (offset % 8))
    return disk


def rows_by_number(disk: CrashDisk) -> dict[int, list[int]]:
    """Return the rows of each channel, by its number, that can be read."""
    found = inspect(DIRECTORY, disk)
    return {
        number: [
            row
            for each in Frames(found, disk, number, 0, 99)
            if not isinstance(each, Damage)
            for row in range(each.first, each.end)
        ]
        for number in found.state.channels
    }


def places(sound: CrashDisk, step: int) -> Iterator[int]:
    yield from range(0, len(sound.content(SEGMENT)), step)


def test_the_journal_is_what_it_should_be(sound: CrashDisk) -> None:
    assert rows_by_number(sound.kill()) == {0: ROWS["a"], 1: ROWS["b"]}
    names = sound.kill().names(DIRECTORY)
    assert [name for name in names if name.endswith(".seg")] == [SEGMENT.name]
    assert len(sound.content(SEGMENT)) < 8 << 10


STEPS = [101, pytest.param(thorough.step(), marks=pytest.mark.slow)]
"""Some bytes of each region, another bit of each, and all of them where there is time."""


@pytest.mark.parametrize("step", STEPS)
def test_an_agent_has_every_row_or_says_which_are_gone(sound: CrashDisk, step: int) -> None:
    opened, told = 0, set[str]()
    for offset in places(sound, step):
        disk = rotten(sound, offset)
        try:
            recovered = recover(DIRECTORY, disk, bytes(16))
        except JournalDamaged as error:
            told.add(re.sub(r"\d+", "N", str(error).partition(": ")[2].partition(";")[0]))
            continue
        opened += 1
        held = {channel.name: channel.held for channel in recovered.state.channels.values()}
        assert held == {"a": 3, "b": 2}, f"byte {offset}"
    assert opened
    assert told == {
        "the opening group is not valid at byte N", "group N is not valid at byte N",
    }  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_what_can_be_read_is_right_and_the_rest_is_told(sound: CrashDisk, step: int) -> None:
    wanted = list(ROWS.values())
    for offset in places(sound, step):
        disk = rotten(sound, offset)
        found = inspect(DIRECTORY, disk)
        examined = Examination(found, disk).run()
        damage = [*found.damage, *(each for each in examined if isinstance(each, Damage))]
        told = {row for each in damage for row in range(each.first, each.end)}
        for number, rows in rows_by_number(disk).items():
            assert set(wanted[number]) - set(rows) <= told, f"byte {offset}"
            assert [row for row in wanted[number] if row in rows] == rows, f"byte {offset}"
        assert len(told) <= 2, f"byte {offset}: more is said to be lost than one group had"


@pytest.mark.parametrize("step", STEPS)
def test_what_is_given_up_is_what_is_gone(sound: CrashDisk, step: int) -> None:
    for offset in places(sound, step):
        disk = rotten(sound, offset)
        kept = rows_by_number(disk)
        salvage = Salvage()
        state = salvage(DIRECTORY, disk, uuid.uuid4().bytes).state
        for number, rows in kept.items():
            channel = state.channels[number]
            assert channel.put == channel.dropped + channel.held, f"byte {offset}"
            assert channel.held == len(rows), f"byte {offset}"
            assert channel.dropped == salvage.lost.get(channel.name, 0)
        gone = {row for rows in ROWS.values() for row in rows}
        gone -= {row for rows in kept.values() for row in rows}
        assert len(gone) <= sum(salvage.lost.values()), f"byte {offset}"
        assert bool(gone) == bool(salvage.lost), f"byte {offset}"


@pytest.mark.slow
def test_after_that_the_journal_opens_and_is_sound(sound: CrashDisk) -> None:
    for offset in places(sound, 11):
        disk = rotten(sound, offset)
        kept = rows_by_number(disk)
        for recovery in (Salvage(), recover):
            journal = open_with(disk, recovery)
            journal.close()
        assert rows_by_number(disk) == kept, f"byte {offset}"
        found = inspect(DIRECTORY, disk)
        assert not found.damage
        assert not [e for e in Examination(found, disk).run() if isinstance(e, Damage)]


def open_with(disk: CrashDisk, recovery: object) -> Journal:
    from flumec.runtime.journal.opening import Opening

    names = [channel.name for channel in inspect(DIRECTORY, disk).state.channels.values()]
    opening = Opening(
        DIRECTORY, disk, SystemClock(), Identity("host", "agent", "1", ""),
        [ChannelSpec(name, 1 << 20, durable=True) for name in names], ["s"], [], 8 << 10,
        recovery,  # type: ignore[arg-type]
    )  # fmt: skip
    return Journal(opening, opening.run(), None)
