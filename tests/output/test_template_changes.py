"""A new bundle may change the path while files are under way: no row is lost or written twice."""

import random
from pathlib import Path

import pytest
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, SinkPlace, TroubledDisk


class Killed(Exception):  # noqa: N818 what happens to a process
    """SIGKILL."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_path_and_directory_change_between_kills(
    seed: int, channel: Channel, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    rows = 40
    for start in range(0, rows, 4):
        hosts = [dice.choice("abc") for _ in range(4)]
        channel.bodies(*[b"%d" % n for n in range(start, start + 4)], host=hosts, kind=hosts[::-1])
    templates = ["%{host}", "%{kind}", "%{kind}/%{host}", "", "%Y"]
    for last in [False] * dice.randint(1, 6) + [True]:
        sink = FileRoll(
            "files",
            directory=tmp_path / dice.choice(["one", "two"]),
            path=dice.choice(templates),
            roll=Roll(events=dice.choice([1, 4])),
            max_open=2,
        )
        run(channel, sink, None if last else dice.randint(5, 80))

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if ".flumec" in path.parts]
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert sorted(map(int, lines)) == list(range(rows))
    assert channel.delivered == rows


def run(channel: Channel, sink: FileRoll, calls: int | None) -> None:
    """Run a sink to the end, or kill it before so many calls of its disk."""
    disk = TroubledDisk()
    place = SinkPlace(channel.consumer(), disk)
    place.until = lambda: place.steps >= 50
    if calls is None:
        sink.run(place)
        return
    left = calls

    def before(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    disk.before = before
    try:
        sink.run(place)
    except Killed:
        return


def test_an_old_directory_in_which_nothing_is_promised_holds_nothing_up(
    channel: Channel, tmp_path: Path
) -> None:
    channel.bodies(b"0")
    (tmp_path / "file").write_text("")
    old = SinkPlace(channel.consumer(), TroubledDisk())
    old.until = lambda: len(old.failures) >= 3
    FileRoll("files", directory=tmp_path / "file" / "out").run(old)
    assert old.failures[-1]

    new = SinkPlace(channel.consumer(), TroubledDisk())
    new.until = lambda: new.steps >= 20 or len(new.failures) >= 3
    FileRoll("files", directory=tmp_path / "new").run(new)
    assert [path.read_text() for path in (tmp_path / "new").glob("*.log")] == ["0\n"]
    assert channel.delivered == 1
    assert new.failures == []


def test_rows_below_a_mark_keep_their_template(channel: Channel, tmp_path: Path) -> None:
    channel.bodies(b"0", b"1", b"2", host=["a", "b", "a"], kind=["x", "x", "x"])
    first = FileRoll("files", directory=tmp_path, path="%{host}", max_open=1, roll=Roll(events=2))
    place = SinkPlace(channel.consumer(), TroubledDisk())

    def kill() -> bool:
        if place.steps == 1:
            raise Killed
        return False

    place.until = kill
    with pytest.raises(Killed):
        first.run(place)
    assert dict(channel.cursor.ahead)

    channel.bodies(b"3", host=["a"], kind=["x"])
    second = FileRoll("files", directory=tmp_path, path="k/%{kind}")
    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.until = lambda: place.steps >= 4
    second.run(place)

    found = {
        path.parent.relative_to(tmp_path).as_posix(): path.read_text()
        for path in tmp_path.rglob("*.log")
    }
    assert found == {"a": "0\n2\n", "b": "1\n", "k/x": "3\n"}
