"""Real agents whose state was cloned, restored or continued elsewhere, on one directory.

What docs/guarantees.md says of each: who goes on, what is said, and what the operator does.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client
from servers.machine import until as eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ARCHIVER = Path(__file__).parent / "archiver.py"


class Host:
    """A machine with an agent, its state and its logs."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder = folder
        self.out = out
        self._log = folder.with_suffix(".said")
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def write(self, *lines: str) -> None:
        """Write lines to the host's log."""
        with (self.folder / "logs" / "app.log").open("a") as log:
            log.writelines(f"{line}\n" for line in lines)

    def start(self, **environment: str) -> None:
        command = [sys.executable, str(ARCHIVER), str(self.folder), str(self.out)]
        with self._log.open("ab") as log:
            environ = os.environ | environment
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def frozen(self) -> bool:
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def stop(self) -> None:
        """End it in order."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(60) == 0, self.said()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def says(self, what: str) -> None:
        """Wait until it says something."""
        eventually(lambda: what in self.said(), 60, self.said)

    def holds(self, events: int) -> None:
        """Wait until so many events are in its channel."""
        agent = Client(self.folder / "state")

        def held() -> int:
            return int(agent.get("/status")["channels"]["spool"]["held"])

        eventually(lambda: held() == events, 60, self.said)

    def channel(self, *arguments: str) -> None:
        """Look after the journal with the tool for it."""
        command = [sys.executable, "-m", "flumec.runtime.channel", *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def clone(self, name: str) -> "Host":
        """Copy the machine's state as it is; its logs are its own."""
        ignore = shutil.ignore_patterns("control")
        shutil.copytree(self.folder / "state", self.folder.parent / name / "state", ignore=ignore)
        return Host(self.folder.parent / name, self.out)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Host]:
    hosts: list[Host] = []
    whole = Host.__init__

    def noted(self: Host, folder: Path, out: Path) -> None:
        whole(self, folder, out)
        hosts.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Host, "__init__", noted)
        yield Host(tmp_path / "host-1", tmp_path / "out")
    for host in hosts:
        host.kill()


def published(host: Host) -> Counter[str]:
    found = (path.read_text().split() for path in host.out.glob("*.log"))
    return Counter(line for lines in found for line in lines)


def arrive(host: Host, *expected: str) -> None:
    """Wait until exactly these lines are published."""
    eventually(
        lambda: published(host).total() >= len(expected),
        60,
        lambda: f"{published(host)}{host.said()}",
    )
    assert published(host) == Counter(expected)


def test_a_state_that_was_copied_while_it_was_stopped_goes_on_once(one: Host) -> None:
    one.write("a")
    one.start()
    arrive(one, "a")
    one.stop()
    two = one.clone("host-2")
    one.write("b")
    two.write("c")

    one.start()
    arrive(one, "a", "b")
    two.start()
    two.says("RT406")
    one.write("d")
    arrive(one, "a", "b", "d")
    assert "on host-1, which this state does not know of" in two.said()

    two.holds(1)
    two.stop()  # what only the clone has received is in its channel, and is brought over
    letters = one.folder.parent / "spool.jsonl"
    two.channel("export", f"{two.folder}/state", "spool", "--to", str(letters))
    one.stop()
    one.channel("replay", f"{one.folder}/state", "spool", str(letters))
    one.start()
    arrive(one, "a", "b", "c", "d")


def test_a_state_that_is_restored_from_an_older_copy_waits_until_it_is_handed_the_folder(
    one: Host,
) -> None:
    one.write("a")
    one.start()
    arrive(one, "a")
    one.stop()
    backup = one.clone("backup")
    one.write("b")
    one.start()
    arrive(one, "a", "b")
    one.stop()
    shutil.rmtree(one.folder / "state")
    shutil.copytree(backup.folder / "state", one.folder / "state")

    one.start()
    one.says("RT406")
    one.write("c")
    assert published(one) == Counter(["a", "b"])

    command = one.said().partition("then run `")[2].partition("`")[0]
    subprocess.run(shlex.split(command), check=True)
    arrive(one, "a", "b", "b", "c")  # what was delivered since the copy is delivered again


@pytest.mark.parametrize("delivered", [True, False], ids=["it delivered since", "it did not"])
def test_a_state_that_was_cloned_while_it_ran_doubles_nothing(one: Host, delivered: bool) -> None:
    one.write("a")
    one.start()
    arrive(one, "a")
    two = one.clone("host-2")
    if delivered:
        one.write("b")
        arrive(one, "a", "b")
        two.start()
        two.says("on host-1, and once published what it does not know of")
        one.write("c")
        arrive(one, "a", "b", "c")
    else:
        two.write("b")
        two.start()
        arrive(two, "a", "b")
        one.write("c")
        one.says("RT405")
        two.write("d")
        arrive(two, "a", "b", "d")
        assert "taken over by epoch" in one.said()
        assert "on host-2: this sink stops" in one.said()


@pytest.mark.parametrize("verb", ["names", "rename"])
@pytest.mark.parametrize("copied", ["before it started", "while it is frozen"])
def test_a_start_that_froze_before_it_took_over_does_not_stop_its_successor(
    verb: str, copied: str, one: Host
) -> None:
    one.write("a")
    one.start()
    arrive(one, "a")
    one.stop()
    clone: Callable[[], Host] = lambda: one.clone("host-2")  # noqa: E731
    two = clone() if copied == "before it started" else None
    one.start(FREEZE=verb)
    eventually(one.frozen, 60, one.said)
    two = two or clone()
    two.write("b")
    two.start()
    arrive(two, "a", "b")

    one.signal(signal.SIGCONT)
    one.says("RT406")
    two.write("c")

    arrive(two, "a", "b", "c")
    assert "on host-2, which this state does not know of" in one.said()
    assert "RT40" not in two.said()
