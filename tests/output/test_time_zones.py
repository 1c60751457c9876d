"""Paths show the time of a zone by its own rules, rounded down within its day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from flumec.runtime.component import Duration
from flumec.runtime.output.buckets import Buckets
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule, Template
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from hypothesis import given
from hypothesis import strategies as st

from .conftest import BORN, Channel, Published, SinkPlace, Start, TroubledDisk


def path(text: str, zone: str, seconds: int, rounded: int = 0) -> str:
    batch = pa.record_batch({"body": [b""], "h.timestamp": [str(seconds * 1000 + 999)]})
    ((found, _, _),) = (
        Buckets(Template.parse(text, zone, rounded)).split(batch, BORN, batch.column(0)).runs
    )
    return found


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("zone", "moment", "shown"),
    [
        ("UTC", "2026-11-22T23:30:00+00:00", "2026-11-22/23:30"),
        ("Europe/Berlin", "2026-11-22T23:30:00+00:00", "2026-11-23/00:30"),
        ("Europe/Berlin", "2026-03-29T00:59:59+00:00", "2026-03-29/01:59"),
        ("Europe/Berlin", "2026-03-29T01:00:00+00:00", "2026-03-29/03:00"),
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25/02:30"),
        ("Europe/Berlin", "2026-10-25T01:30:00+00:00", "2026-10-25/02:30"),
        ("Asia/Kathmandu", "2026-11-22T18:14:59+00:00", "2026-11-22/23:59"),
        ("Asia/Kathmandu", "2026-11-22T18:15:00+00:00", "2026-11-23/00:00"),
        ("Africa/Monrovia", "1971-06-01T00:44:29+00:00", "1971-05-31/23:59"),
        ("Africa/Monrovia", "1971-06-01T00:44:30+00:00", "1971-06-01/00:00"),
    ],
)
def test_a_zone_has_its_own_midnight_and_its_summer(zone: str, moment: str, shown: str) -> None:
    assert path("%Y-%m-%d/%H:%M", zone, at(moment)) == shown


@given(
    st.integers(0, 4_000_000_000),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_a_day_in_a_path_is_the_zones_day(seconds: int, zone: str) -> None:
    assert path("%Y-%m-%d", zone, seconds) == str(
        datetime.fromtimestamp(seconds, ZoneInfo(zone)).date()
    )


@pytest.mark.parametrize(
    ("rounded", "moment", "shown"),
    [
        (600, "2026-11-22T11:54:34+00:00", "12:50:00"),
        (60, "2026-11-22T11:54:34+00:00", "12:54:00"),
        (30, "2026-11-22T11:54:34+00:00", "12:54:30"),
        (6 * 3600, "2026-11-22T22:59:59+00:00", "18:00:00"),
        (6 * 3600, "2026-11-22T23:00:00+00:00", "00:00:00"),
        (6 * 3600, "2026-03-29T03:59:59+00:00", "00:00:00"),
        (6 * 3600, "2026-03-29T04:00:00+00:00", "06:00:00"),
    ],
)
def test_times_are_rounded_down_from_the_zones_midnight(
    rounded: int, moment: str, shown: str
) -> None:
    assert path("%H:%M:%S", "Europe/Berlin", at(moment), rounded) == shown


@given(st.integers(0, 4_000_000_000), st.sampled_from([1, 10, 60, 600, 900, 3600, 7200]))
def test_in_utc_rounding_is_arithmetic(seconds: int, rounded: int) -> None:
    shown = path("%s", "UTC", seconds, rounded)
    assert int(shown) == seconds - seconds % rounded


@pytest.mark.parametrize("wrong", ["0s", "7m", "1500ms", "36h"])
def test_a_rounding_that_does_not_divide_a_day_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of which a day is a multiple"):
        FileRoll("files", directory=tmp_path, path="%H", round=Duration(wrong))


def test_an_hour_that_comes_twice_is_one_folder(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    stamps = [
        str(int((first + timedelta(minutes=n)).timestamp() * 1000)) for n in range(0, 120, 30)
    ]
    channel.bodies(b"a", b"b", b"c", b"d", timestamp=stamps)

    FileRoll("files", directory=tmp_path / "out", path="%d-%H", timezone="Europe/Berlin").run(
        place()
    )

    contents = {str(Path(name).parent): content for name, content in published().items()}
    assert contents == {"25-02": b"a\nb\nc\n", "25-03": b"d\n"}


def test_rows_under_a_mark_keep_their_zone_when_it_changes(
    channel: Channel, tmp_path: Path
) -> None:
    night = str(at("2026-11-22T23:30:00+00:00") * 1000)
    noon = str(at("2026-11-22T12:00:00+00:00") * 1000)
    channel.bodies(b"0", b"1", b"2", timestamp=[night, noon, night])
    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.until = lambda: dict(channel.cursor.ahead) != {}
    disk = place.disk
    assert isinstance(disk, TroubledDisk)

    class Killed(Exception):  # noqa: N818 what happens to a process
        pass

    def kill() -> bool:
        if channel.cursor.ahead:
            raise Killed
        return False

    place.until = kill
    sink = FileRoll(
        "files", directory=tmp_path, path="%d", timezone="Europe/Berlin", max_open=1,
        roll=Roll(events=2),
    )  # fmt: skip
    with pytest.raises(Killed):
        sink.run(place)
    channel.bodies(b"3", timestamp=[night])

    again = SinkPlace(channel.consumer(), TroubledDisk())
    again.until = lambda: again.steps >= 4
    FileRoll("files", directory=tmp_path, path="%d").run(again)

    found = {p.parent.name: p.read_text() for p in sorted(tmp_path.rglob("*.log"))}
    assert "".join(sorted("".join(found.values()).split())) == "0123"
    assert "0" in found["23"]
    assert channel.delivered == 4


def test_a_note_is_written_as_older_versions_read_it_where_it_can_be() -> None:
    old = Note("s", "/d", ((0, PathRule("%Y")), (7, PathRule("%d"))))
    new = Note("s", "/d", ((0, PathRule("%Y", "Europe/Berlin", 600)),))

    assert old.stored == b'{"sink":"s","directory":"/d","templates":[[0,"%Y"],[7,"%d"]]}'
    from flumec.runtime.journal.records import Cursor

    for note in (old, new):
        assert Note.of(Cursor(0, note=note.stored)) == note
