"""A group of two sinks whose first one loses its store, and a power cut before any operation."""

import errno
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.component import Sink
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.groups.returning import give_back
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, JournalFailed
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.sinks import FileRoll, Hdfs
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import NOTHING, CrashDisk, LeapingClock, PowerCut, Survival

from tests.output.conftest import SinkPlace

STATE, OUT = Path("/state"), Path("/out")
PUTS = ["aab", "bac", "ca", "b"]
ROWS = [f"{host}{put}{n}" for put, hosts in enumerate(PUTS) for n, host in enumerate(hosts)]
ROLL = Roll(events=3)
LOOKS = 8
FIRST: dict[str, Sink] = {
    "file_roll": FileRoll("one", directory=OUT / "one", path="%{host}", max_open=2, roll=ROLL),
    "hdfs": Hdfs("one", path="file:///out/one/%{host}", max_open=2, roll=ROLL),
}
SECOND = FileRoll("two", directory=OUT / "two", path="x/%{host}", max_open=2, roll=ROLL)
CRASHES = {"cut": NOTHING, "torn": Survival(0.5, torn=True, seed=3)}


class Away:
    """A disk, or a file of it, whose part below a folder is away after so many changes there."""

    def __init__(self, disk: Any, left: list[float], mine: bool = False) -> None:
        self._disk, self._left, self._mine = disk, left, mine

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._disk, name)
        if name not in ("open", "rename", "unlink", "make_directory", "write", "sync", "names"):
            return verb

        def call(*arguments: Any) -> Any:
            paths = [str(each) for each in arguments if isinstance(each, Path)]
            mine = self._mine or any(path.startswith(str(OUT / "one")) for path in paths)
            if mine:
                self._left[0] -= 1
                if self._left[0] < 0:
                    raise OSError(errno.EIO, "it is away", paths[0] if paths else None)
            result = verb(*arguments)
            return Away(result, self._left, mine) if name == "open" else result

        return call


class Later:
    """A member in its sink's next life, which has an epoch of its own."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self.epoch = bytes(reversed(member.epoch))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)


def opened(disk: CrashDisk, first: Sink) -> Journal:
    members = (first, SECOND)
    return Journal.open(
        STATE / "journal",
        disk=disk,
        clock=LeapingClock(),
        identity=Identity("core-1", "collector", "1", "bundle"),
        channels=[ChannelSpec("spool", size=1 << 20, durable=True)],
        sources=[],
        consumers=[
            ConsumerSpec(sink.name, "spool", f"sink {sink.type}", group="failover")
            for sink in members
        ],
        segment_size=1 << 14,
    )


def filled(first: Sink) -> CrashDisk:
    """Return a disk with a journal that holds all rows, each put acknowledged."""
    disk = CrashDisk()
    for folder in (OUT, OUT / "one", OUT / "two", STATE):
        disk.make_directory(folder)
    journal = opened(disk, first)
    for put, hosts in enumerate(PUTS):
        bodies = [f"{host}{put}{n}".encode() for n, host in enumerate(hosts)]
        columns = {"body": pa.array(bodies, pa.binary()), "h.host": pa.array(list(hosts))}
        frame = Frame(("spool",), len(hosts), encode(pa.record_batch(columns)))
        journal.submit(Put((frame,))).result()
    journal.close()
    return disk


def run(sink: Any, consumer: Any, disk: Any, cut: CrashDisk) -> None:
    """Have a sink work until it was asked often enough, or give back what it has."""
    place = SinkPlace(consumer, disk)
    looks = iter(range(LOOKS))
    place.until = lambda: cut.dead or next(looks, None) is None

    def waited(_: float) -> None:
        if not cut.dead:
            raise Recalled

    place.waited = waited
    try:
        sink.run(place)
    except Recalled:
        give_back(consumer, resend=False)


def life(disk: CrashDisk, first: Sink, gone_after: float) -> bool:
    """Live: one loses its store, two gets the rest, the store comes back; False if cut."""
    try:
        journal = opened(disk, first)
        try:
            one = cast("Member", journal.consumer("one"))
            run(first, one, Away(disk, [gone_after]), disk)
            run(SECOND, journal.consumer("two"), disk, disk)
            run(first, Later(one), disk, disk)
        finally:
            journal.close()
    except (PowerCut, JournalFailed):
        return False
    return not disk.dead


def files(disk: CrashDisk, folder: Path) -> list[Path]:
    found = []
    for name in disk.names(folder):
        try:
            found += files(disk, folder / name)
        except (NotADirectoryError, FileNotFoundError):
            found.append(folder / name)
    return found


def check(disk: CrashDisk, first: Sink, said: str) -> None:
    shown = [path for path in files(disk, OUT) if ".flumec" not in path.parts]
    lines = Counter(line for path in shown for line in disk.content(path).decode().splitlines())
    assert lines == Counter(ROWS), said
    journal = opened(disk, first)
    stats = journal.stats()["spool"]
    journal.close()
    assert (stats.delivered, stats.held, stats.held_bytes) == (len(ROWS), 0, 0), said


@pytest.mark.parametrize("apart", [101, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("crash", CRASHES)
@pytest.mark.parametrize("kind", FIRST)
def test_a_cut_anywhere_while_a_store_goes_loses_and_repeats_nothing(
    kind: str, crash: str, apart: int
) -> None:
    first = FIRST[kind]
    start = filled(first)
    both = 0
    for gone_after in (9, 23, 33):
        whole, cut = False, gone_after % apart + 1
        while not whole:
            broken = start.kill(cut_at=cut)
            whole = life(broken, first, gone_after)
            healed = broken.reboot(CRASHES[crash])
            assert life(healed, first, float("inf"))
            check(healed, first, f"its store gone after {gone_after}, cut at {cut}")
            cut += apart
        shown = {path.parts[2] for path in files(healed, OUT) if ".flumec" not in path.parts}
        both += len(shown) == 2
    assert both, "rows came to the second member"
