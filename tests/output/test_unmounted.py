"""A sink's disk that was not mounted at a start, which wrote below its mount point meanwhile."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.machine import until as eventually

from .test_cloned_hosts import Host, arrive, published

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Disk:
    """The place where the sink writes, in which something else is seen while it is away."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._elsewhere = place.with_name("elsewhere")
        self._elsewhere.mkdir()

    def comes_or_goes(self) -> None:
        """Let the one be seen instead of the other."""
        between = self._place.with_name("between")
        self._place.rename(between)
        self._elsewhere.rename(self._place)
        between.rename(self._elsewhere)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path / "host-1", tmp_path / "out")
    made.out.mkdir()
    yield made
    made.kill()


def run(host: Host, *lines: str) -> None:
    """Let these lines be delivered by a start of its own."""
    before = published(host)
    host.write(*lines)
    host.start()
    arrive(host, *before.elements(), *lines)
    host.stop()


def test_it_goes_on_whenever_the_disk_comes_and_goes(host: Host) -> None:
    disk = Disk(host.out)
    run(host, "a")
    for lines in (("b",), ("c",), ("d",), ("e", "f")):
        disk.comes_or_goes()
        run(host, *lines)
        run(host, *(f"{line}-again" for line in lines))
    assert "RT40" not in host.said()


def test_what_may_be_hidden_below_the_mount_point_is_not_taken_for_published(host: Host) -> None:
    disk = Disk(host.out)
    run(host, "a")
    disk.comes_or_goes()
    host.write("b")
    host.start(FREEZE="rename:3")
    eventually(host.frozen, 60, host.said)
    host.signal(signal.SIGKILL)
    assert not published(host)
    disk.comes_or_goes()

    host.start()
    host.says("RT406")
    host.stop()
    assert published(host).total() == 1

    disk.comes_or_goes()
    host.start()
    arrive(host, "b")
    host.stop()
    disk.comes_or_goes()
    run(host, "c")
