"""Two processes and SIGKILL: every event once, in order."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import thorough

Site = Any
SCRIPT = Path(__file__).with_name("agent.py")


class Pair:
    def __init__(self, folder: Path, port: int, total: int) -> None:
        self._arguments = {
            role: [sys.executable, str(SCRIPT), role, str(folder / role), str(port), str(total)]
            for role in ("collector", "tailer")
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for role in self._arguments:
            self.start(role)

    def start(self, role: str) -> None:
        self.running[role] = subprocess.Popen(self._arguments[role], stdout=subprocess.PIPE)

    def kill(self, role: str) -> None:
        self.running[role].kill()
        self.running[role].communicate()

    def end(self) -> None:
        for role in self.running:
            self.kill(role)


def play(site: Site, folder: Path, total: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    pair = Pair(folder, site.free_port(), total)
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.6, 1.2))
            role = chance.choice(["tailer", "collector"])
            pair.kill(role)
            pair.start(role)
        output = pair.running["tailer"].stdout
        assert output is not None
        assert output.readline() == b"done\n"
    finally:
        pair.end()
    assert site.end("collector").take(total) == list(range(total))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_killed_processes_lose_and_double_nothing(site: Site, tmp_path: Path) -> None:
    play(site, tmp_path, total=6_000, kills=4, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", thorough.first(range(3)))
def test_many_kills_lose_and_double_nothing(site: Site, tmp_path: Path, seed: int) -> None:
    play(site, tmp_path, total=60_000, kills=25, seed=seed)
