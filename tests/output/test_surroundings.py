"""What a sink finds around it may go and come back: its directory, and the files it may open."""

import resource
from pathlib import Path

import pytest
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, Published, SinkPlace, TroubledDisk


@pytest.mark.parametrize("verb", ["open", "sync", "rename"])
def test_a_directory_that_goes_missing_is_waited_for(
    channel: Channel, published: Published, tmp_path: Path, verb: str
) -> None:
    channel.bodies(b"one", b"two", b"three", host=["a", "b", "a"])
    out, away = tmp_path / "out", tmp_path / "away"
    disk = TroubledDisk()
    place = SinkPlace(channel.consumer(), disk)
    place.until = lambda: place.steps >= 12
    gone: list[str] = []

    def vanish(called: str) -> None:
        began = channel.intents or verb != "rename"  # a start renames the folder to take it
        if called == verb and not gone and began:
            gone.append(called)
            out.rename(away)

    def come_back(_: float) -> None:
        if away.exists() and len(place.failures) >= 3:
            away.rename(out)

    disk.before, place.waited = vanish, come_back
    FileRoll("files", directory=out, path="%{host}", roll=Roll(events=1)).run(place)

    assert gone
    assert "went missing while the agent ran: was it removed, or is its disk" in place.failures[0]
    assert "restart the agent" in place.failures[0]
    assert place.failures[-1] == ""
    assert sorted(published().values()) == [b"one\n", b"three\n", b"two\n"]
    assert (channel.delivered, channel.intents) == (3, [])


class Limit:
    """The process's limit of open files, as a test sets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> None:
        self.now = soft, hard
        monkeypatch.setattr(resource, "getrlimit", lambda _: self.now)
        monkeypatch.setattr(resource, "setrlimit", self._set)

    def _set(self, _: int, limits: tuple[int, int]) -> None:
        self.now = limits


@pytest.mark.parametrize(
    ("soft", "hard", "open_at_once", "afterwards"),
    [
        (40, 40, 10, 40),  # no more can be had: a quarter
        (40, 120, 30, 120),
        (40, 4_096, 50, 200),  # as much as is needed, and no more
        (40, resource.RLIM_INFINITY, 50, 200),
        (1_024, 4_096, 50, 1_024),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 50, resource.RLIM_INFINITY),
    ],
)
def test_a_sink_leaves_the_files_that_its_agent_needs(
    channel: Channel, published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, soft: int, hard: int, open_at_once: int, afterwards: int,
) -> None:  # fmt: skip
    limit = Limit(monkeypatch, soft, hard)
    channel.bodies(*[b"x"] * 60, host=[f"h{n}" for n in range(60)])
    place = SinkPlace(channel.consumer(), TroubledDisk())
    most: list[float] = []
    place.until = lambda: (
        most.append(place.counters.gauges.get("open_files", 0)) or place.steps >= 3
    )

    FileRoll("files", directory=tmp_path / "out", path="%{host}", max_open=50).run(place)

    assert len(published()) == 60
    assert open_at_once - open_at_once // 8 <= max(most) <= open_at_once
    assert limit.now[0] == afterwards
    assert (f"at most {open_at_once} files are kept open" in caplog.text) == (open_at_once < 50)
