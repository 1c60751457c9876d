"""Agents that load into a real HDFS, through kills of everything: each line is there once."""

import itertools
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import thorough
from servers.lossy import Fault, Lossy

from .site import Loader, Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = thorough.share(int(os.environ.get("FLUMEC_HDFS_KILLS", "20")))


@pytest.fixture
def site(hdfs: Any, directory: str, tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, hdfs, directory)
    yield site
    site.end()
    hdfs.heal()


@pytest.fixture
def lossy(hdfs: Any) -> Iterator[Lossy]:
    with Lossy(hdfs.address) as proxy:
        yield proxy


def succeeded(site: Site, frozen: Loader) -> Loader:
    """Start another agent with a copy of a frozen one's state; return it once it has delivered."""
    shutil.copytree(
        frozen.state, site.folder / "successor", ignore=shutil.ignore_patterns("control")
    )
    successor = site.loader("successor")
    successor.start()
    arrived = site.arrived()
    until(lambda: site.arrived() > arrived, 60, successor.said)
    return successor


class Killer:
    """Kills an agent while one of its requests is under way."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._verb = ""
        self._fault: Fault = "request"
        self._skip = 0
        self.struck = threading.Event()

    def arm(self, verb: str, fault: Fault, skip: int) -> None:
        self._verb, self._fault, self._skip = verb, fault, skip
        self.struck.clear()

    def choose(self, _: int, verb: str) -> Fault | None:
        if verb != self._verb or self.struck.is_set():
            return None
        self._skip -= 1
        if self._skip >= 0:
            return None
        self.struck.set()
        if self._fault == "answer":  # what it asked for is done, and it never hears of it
            threading.Timer(0.05, self._loader.process.kill).start()
        else:
            self._loader.process.kill()
        return self._fault


def test_an_agent_killed_in_the_middle_of_its_requests(site: Site, lossy: Lossy) -> None:
    loader = site.loader("agent", lossy.address)
    killer, kills = Killer(loader), Counter[str]()
    lossy.lose(killer.choose)
    moments = itertools.cycle(
        [
            ("PUT CREATE", "request"), ("PUT CREATE content", "body"), ("PUT RENAME", "answer"),
            ("PUT CREATE content", "answer"), ("PUT RENAME", "request"),
            ("GET LISTSTATUS", "answer"),
            ("PUT MKDIRS", "answer"), ("GET GETFILESTATUS", "answer"), ("PUT CREATE", "answer"),
        ]
    )  # fmt: skip
    site.begin()
    while sum(kills.values()) < KILLS:
        verb, fault = next(moments)
        killer.arm(verb, fault, skip=sum(kills.values()) % 3)  # some of them while it recovers
        loader.start()
        until(lambda: killer.struck.is_set() or not loader.running, 60, loader.said)
        loader.process.wait(20)
        assert killer.struck.is_set(), f"it ended by itself: {loader.said()}"
        kills[f"{verb}, its {fault}"] += 1
    killer.arm("", "request", 0)
    loader.start()
    site.end()
    until(site.all_arrived, 120, loader.said)

    assert loader.stop() == 0
    print(f"{sum(kills.values())} kills: {dict(kills)}; {site.verdict()}")
    assert site.verdict() == site.good
    assert site.hdfs.hidden(site.directory) == []


def test_an_hdfs_with_all_its_troubles(site: Site) -> None:
    hdfs, loader = site.hdfs, site.loader("agent")
    site.begin()
    loader.start()
    until(lambda: site.arrived() > 0, 60, loader.said)

    def lives_through(trouble: Callable[[], Any], said: str) -> None:
        """The agent says what is wrong, goes on with its other sink, and with this one after."""
        before = loader.said().count(said)
        trouble()
        until(lambda: loader.said().count(said) > before, 90, loader.said)
        copied = loader.copied()
        until(lambda: loader.copied() > copied, 30, lambda: f"the other sink: {loader.said()}")
        hdfs.heal()
        hdfs.quota(site.directory)
        arrived = site.arrived()
        until(lambda: site.arrived() > arrived, 90, loader.said)

    def kill_all() -> None:
        hdfs.kill_namenode()
        hdfs.kill_datanode()

    lives_through(hdfs.kill_datanode, "it can't be reached, or broke off")
    lives_through(hdfs.kill_namenode, "it can't be reached, or broke off")
    lives_through(lambda: hdfs.safe_mode(on=True), "the NameNode is in safe mode")
    lives_through(lambda: hdfs.quota(site.directory, size=1), "the space quota is used up")
    lives_through(kill_all, "it can't be reached, or broke off")
    assert loader.running
    site.end()
    until(site.all_arrived, 120, loader.said)

    assert loader.stop() == 0
    print(site.verdict())
    assert site.verdict() == site.good
    assert site.hdfs.hidden(site.directory) == []


@pytest.mark.parametrize("verb", ["PUT RENAME", "PUT CREATE", "PUT CREATE content"])
def test_a_zombie_that_comes_back_with_a_request_under_way(
    verb: str, site: Site, lossy: Lossy
) -> None:
    zombie, frozen, awake = (
        site.loader("agent", lossy.address),
        threading.Event(),
        threading.Event(),
    )
    seen = itertools.count()

    def hold(_: int, asked: str) -> None:
        """Freeze the agent in the middle of a request, and pass that on when it is awake again."""
        if asked == verb and next(seen) == 4:
            zombie.signal(signal.SIGSTOP)
            frozen.set()
            awake.wait(120)

    lossy.lose(hold)
    site.begin()
    zombie.start()
    assert frozen.wait(60), zombie.said()
    successor = succeeded(site, zombie)

    awake.set()
    zombie.signal(signal.SIGCONT)

    until(lambda: "taken over by epoch" in zombie.said(), 60, zombie.said)
    site.end()
    until(site.all_arrived, 120, successor.said)
    assert successor.stop() == 0
    zombie.stop()
    print(site.verdict())
    assert site.verdict() == site.good


@pytest.mark.parametrize("verb", ["GET LISTSTATUS", "PUT RENAME"])
def test_a_start_that_froze_before_it_took_over_does_not_stop_its_successor(
    verb: str, site: Site, lossy: Lossy
) -> None:
    zombie, frozen, awake = (
        site.loader("agent", lossy.address),
        threading.Event(),
        threading.Event(),
    )
    site.begin()
    zombie.start()
    until(lambda: site.arrived() > 0, 60, zombie.said)
    assert zombie.stop() == 0

    def hold(_: int, asked: str) -> None:
        """Freeze the agent while it asks who holds the folder, or before its rename gets there."""
        if asked == verb and not frozen.is_set():
            zombie.signal(signal.SIGSTOP)
            frozen.set()
            awake.wait(120)

    lossy.lose(hold)
    zombie.start()
    assert frozen.wait(60), zombie.said()
    successor = succeeded(site, zombie)

    awake.set()
    zombie.signal(signal.SIGCONT)

    until(lambda: "which this state does not know of" in zombie.said(), 60, zombie.said)
    assert "RT405" not in successor.said()
    site.end()
    until(site.all_arrived, 120, successor.said)
    assert successor.stop() == 0
    zombie.kill()
    print(site.verdict())
    assert site.verdict() == site.good
