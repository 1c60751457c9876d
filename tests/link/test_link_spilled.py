"""Channels that spill at both ends of a link: what is there goes over once, in order."""

import shutil
from typing import Any

import pytest

Site = Any

IN_MEMORY = 4000
"""Bytes: two of the puts below."""


def linked(site: Site, tailer: Any, memory: int | None = None) -> Any:
    """Start the collector, and the tailer's sender."""
    collector = site.end("collector", memory=memory)
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    return collector


def put(tailer: Any, first: int, end: int) -> None:
    for start in range(first, end, 100):
        tailer.put(range(start, start + 100))


@pytest.mark.parametrize("memory", [None, IN_MEMORY])
def test_memory_and_disk_go_over_in_order(site: Site, memory: int | None) -> None:
    tailer = site.end("tailer", memory=IN_MEMORY)
    put(tailer, 0, 600)
    assert 0 < tailer.journal.stats()["spool"].in_memory < 600
    collector = linked(site, tailer, memory)
    assert collector.take(600) == list(range(600))
    put(tailer, 600, 1000)
    assert collector.take(400) == list(range(600, 1000))
    site.eventually(lambda: tailer.held == 0)


def test_an_orderly_end_keeps_all_for_the_next_start(site: Site) -> None:
    tailer = site.end("tailer", memory=IN_MEMORY)
    put(tailer, 0, 600)
    tailer.restart()
    put(tailer, 600, 1000)
    collector = linked(site, tailer)
    assert collector.take(1000) == list(range(1000))


def test_a_kill_takes_what_was_in_memory_only(site: Site) -> None:
    tailer = site.end("tailer", memory=IN_MEMORY)
    put(tailer, 0, 300)
    collector = linked(site, tailer)
    assert collector.take(300) == list(range(300))
    site.eventually(lambda: tailer.held == 0)
    tailer.stop()
    put(tailer, 300, 900)
    lost = tailer.journal.stats()["spool"].in_memory
    assert 0 < lost < 600
    shutil.copytree(tailer.state, site.folder / "as it was when it was killed")
    tailer.close()
    shutil.rmtree(tailer.state)
    shutil.move(site.folder / "as it was when it was killed", tailer.state)
    tailer.open()
    tailer.start(site.sender(collector.port))
    assert collector.take(600 - lost) == list(range(300 + lost, 900)), "the first were in memory"
    site.eventually(lambda: tailer.held == 0)
    stats = tailer.journal.stats()["spool"]
    assert stats.put == stats.delivered + stats.dropped
