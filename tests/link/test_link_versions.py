"""Ends of this version and of the one before it, in all pairs: they agree, and lose nothing.

The version before is taken out of this repository's history, as it was when it spoke protocol 1.
"""

import os
import subprocess
import sys
import tarfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

Site = Any
ROOT = Path(__file__).parents[2]
BEFORE = "a7cbd6580d1601922f5597e5ae9834380af9eece"
"""The last commit of the version before: it knows protocol 1 alone."""
TOTAL = 6_000


def history_has(commit: str) -> bool:
    found = subprocess.run(
        ["git", "cat-file", "-e", f"{commit}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the version before: the package, and its tests' agent."""
    if not history_has(BEFORE):
        pytest.skip("the repository's history is not here: this is a copy without it")
    folder = tmp_path_factory.mktemp("before")
    command = ["git", "archive", BEFORE, "runtime", "tests/link"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder / "flumec", filter="data")
    (folder / "flumec" / "__init__.py").touch()
    return folder


class Ends:
    """Both ends as processes, each of either version, on states that stay."""

    def __init__(self, site: Site, folder: Path, before: Path) -> None:
        self._folder, self._before = folder, before
        self._port = site.free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, role: str, version: str) -> None:
        """Start one end, or kill it and go on with another version on what it left."""
        self.kill(role)
        root = ROOT if version == "this" else self._before / "flumec"
        environment = dict(os.environ)
        if version == "before":
            environment["PYTHONPATH"] = str(self._before)
        state, port = str(self._folder / role), str(self._port)
        self._running[role] = subprocess.Popen(
            [sys.executable, str(root / "tests/link/agent.py"), role, state, port, str(TOTAL)],
            stdout=subprocess.PIPE, env=environment, cwd=self._folder,
        )  # fmt: skip

    def done(self) -> None:
        """Wait until the sender has put and delivered all."""
        output = self._running["tailer"].stdout
        assert output is not None
        assert output.readline() == b"done\n"

    def kill(self, role: str) -> None:
        if role in self._running:
            self._running[role].kill()
            self._running.pop(role).communicate()

    def end(self) -> None:
        for role in list(self._running):
            self.kill(role)


@pytest.fixture
def ends(site: Site, tmp_path: Path, before: Path) -> Any:
    made = Ends(site, tmp_path, before)
    yield made
    made.end()


@pytest.mark.slow
def test_the_version_before_knows_one_protocol(before: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from flumec.runtime.links import greeting as g; print(g.VERSION)"],
        env={**os.environ, "PYTHONPATH": str(before)}, cwd=before, capture_output=True, check=True,
    )  # fmt: skip
    assert told.stdout == b"1\n"


@pytest.mark.slow
@pytest.mark.parametrize("sender", ["before", "this"])
@pytest.mark.parametrize("receiver", ["before", "this"])
def test_each_version_of_one_end_works_with_each_of_the_other(
    site: Site, ends: Ends, sender: str, receiver: str
) -> None:
    ends.run("collector", receiver)
    ends.run("tailer", sender)
    ends.done()
    ends.end()

    assert site.end("collector").take(TOTAL) == list(range(TOTAL))


@pytest.mark.slow
def test_hosts_are_upgraded_and_rolled_back_one_by_one(site: Site, ends: Ends) -> None:
    ends.run("collector", "before")
    ends.run("tailer", "before")
    for role, version in (
        ("collector", "this"), ("tailer", "this"), ("collector", "before"),
        ("tailer", "before"), ("collector", "this"), ("tailer", "this"),
    ):  # fmt: skip
        time.sleep(0.8)
        ends.run(role, version)
    ends.done()
    ends.end()

    assert site.end("collector").take(TOTAL) == list(range(TOTAL))
