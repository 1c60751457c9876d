"""file_roll writes each event's line into exactly one file, and each file appears whole."""

from collections.abc import Callable

from flumec.runtime.component import Duration, Size
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.file_roll import Roll


def test_events_become_lines_of_one_file(channel, place, published, hidden, tmp_path) -> None:
    channel.bodies(b"one", b"two")
    channel.bodies(b"", b"three\nand a half")

    FileRoll("files", directory=tmp_path / "out").run(place())

    assert published() == {
        "core-1.example.com.collector.files.000000000000-000000000003.010000.log": (
            b"one\ntwo\n\nthree\nand a half\n"
        )
    }
    assert channel.cursor.low == 4
    assert channel.cursor.ahead == {}
    assert channel.delivered == 4
    assert list(hidden()) == []
