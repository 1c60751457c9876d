"""`flumec link` with real agents: of two peers one is lost for good, and a person says so."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.link.several import Several

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Several]:
    """Run two collectors, and then what sends to them: the preferred one gets all at first."""
    fleet = Several(tmp_path, 'Failover(PEERS, in_doubt="wait")', total=60_000, rate=4_000)
    fleet.start(*fleet.names)
    fleet.until(lambda: all(listening(port) for port in fleet.ports.values()))
    fleet.start("tailer")
    yield fleet
    fleet.end()


def link(fleet: Several, *arguments: str) -> tuple[int, str]:
    """Run a command of `flumec link` on the sender's host; return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "flumec.compiler", "link", *arguments,
         "--state", str(fleet.folder / "tailer")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def listed(fleet: Several) -> tuple[int, int]:
    """Return how many rows the lost peer has acknowledged, and how many are left to it."""
    _, said = link(fleet, "ls")
    (line,) = [line.split() for line in said.splitlines() if "to_core-1 " in line and "  " in line]
    acknowledged, _, left = (int(number.replace(",", "")) for number in line[4:7])
    return acknowledged, left


def test_of_two_peers_one_is_lost_for_good_and_each_row_is_once_or_counted_as_lost(
    fleet: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.until(lambda: len(fleet.got("core-1")) > 4_000)
    fleet.freeze("core-1")
    time.sleep(0.5)  # what is sent now is in doubt
    fleet.kill("core-1")
    shutil.rmtree(fleet.folder / "core-1")
    fleet.until(lambda: len(fleet.got("core-2")) > 4_000)
    acknowledged, left = listed(fleet)
    assert left > 0, "nothing was in doubt"

    status, said = link(fleet, "settle", "--lost", "core-1")
    assert (status, re.findall(r"[\d,]+ rows go to the other hosts", said)) == (
        2, [f"{left:,} rows go to the other hosts"]
    )  # fmt: skip
    assert link(fleet, "settle", "--lost", "core-1", "--force")[0] == 0
    fleet.until(lambda: "goes on as accepted" in fleet.log("tailer"))
    fleet.start("core-1")  # a machine in its place, of which nothing is known
    fleet.until(lambda: fleet.log("tailer").count("linked to core-1") == 2)

    lost = acknowledged - len([row for row in fleet.got("core-1") if row < acknowledged])
    fleet.until(lambda: len(fleet.everything) == fleet.total - lost)
    time.sleep(1.0)
    everything = fleet.everything
    with capsys.disabled():
        print(
            f"\nlost for good: {acknowledged} acknowledged, of which {lost} gone; {left} in doubt"
        )
    assert sum(everything.values()) == len(everything) == fleet.total - lost
    assert set(range(fleet.total)) - set(everything) <= set(range(acknowledged))
    assert link(fleet, "ls")[0] == 0, "an alarm"
    assert link(fleet, "settle", "--lost", "core-1", "--force")[0] == 2, "it is linked again"
