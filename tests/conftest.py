"""What all tests share: `pytest --update` accepts what is generated as what is expected."""

import fcntl
import gc
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from costs import characters, costs_little
from folders import make_folder, tmp_path

__all__ = ["characters", "costs_little", "make_folder", "tmp_path"]

pytest_plugins = ["workers"]

# A busy machine is no failure. `make slow` tries the whole number of examples, of fast tests too.
hypothesis.settings.register_profile("part", deadline=None, max_examples=30)
hypothesis.settings.register_profile("whole", deadline=None, max_examples=100)
hypothesis.settings.load_profile("part")

# At Python's own pace, looking for garbage was a fifth of all that a run of the tests did; at
# 50,000 objects it was a twentieth still.
gc.set_threshold(1_000_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update."""
    parser.addoption(
        "--update",
        action="store_true",
        help="write what is generated over what is expected; then read `git diff`",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """Leave what is collected out of garbage collections: it stays, and is half a million objects.

    To go through them again and again took each worker as long as collecting the tests did.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for garbage once: pytest does it five times at its end, through all that still lives."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say at once what failed: a run that is cut off says nothing at its end."""
    if report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(f"\n{report.nodeid} failed ({report.when}):\n{report.longreprtext[-4000:]}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what may take longest, so that no worker is left with it at the end.

    And have one worker start the HDFS for all (`--dist loadgroup`): each has a price of two JVMs.
    """
    for item in items:
        if "hadoop" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("hadoop"))
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


LOG = logging.getLogger("flumec.agent")
LOGGED = list(LOG.handlers), LOG.level, LOG.propagate


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Undo what a test left to later ones. A fixture for it would cost each test more than it does.

    Journals that were left as a kill leaves them: on a clock that stands still their threads look
    at it all the time, and hundreds of them made later tests ten times as slow. And what an agent
    that was started here did to the logs: later tests read them.
    """
    try:
        return (yield)
    finally:
        if "flumec.runtime.journal.writer" in sys.modules:
            import writers

            writers.end_all()
        LOG.handlers[:], level, LOG.propagate = LOGGED
        LOG.setLevel(level)


@pytest.fixture(scope="session")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run an HDFS while tests need it; see tests/servers/hadoop.py."""
    from servers.hadoop import Hadoop
    from servers.serving import serving

    with serving(lambda: Hadoop(tmp_path_factory.mktemp("hadoop") / "site")) as server:
        yield server


@pytest.fixture
def hdfs(hadoop: Any) -> Any:
    """Return the HDFS, all of it up."""
    hadoop.heal()
    return hadoop


@pytest.fixture(scope="module")
def loopback() -> Iterator[None]:
    """Keep the loopback addresses of a fleet: tests in other processes have the same, and wait."""
    with (Path(tempfile.gettempdir()) / "flumec-loopback.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def hosts() -> Iterator[Callable[..., Any]]:
    """Bring up real systemd hosts by name, which go with the test; see tests/fleet/README.md."""
    from fleet.hosts.hosts import Hosts
    from fleet.hosts.needs import missing

    if reason := missing():
        pytest.skip(reason)
    ours = Hosts(f"t{os.getpid()}")

    def up(*names: str, **options: Any) -> Hosts:
        return ours.up(names, **{"owner": os.getpid(), **options})

    yield up
    ours.down(kill=True)
