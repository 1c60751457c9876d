"""Told to end while nothing can go out: an agent ends in time, orderly, and nothing is lost."""

import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.ending import DRAIN

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Size
    from flumec.runtime.channels import File
    from flumec.runtime.links import ArrowSender, Peer
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Taildir

    lines = Taildir("lines", files=({log!r},))
    spool = File("spool", size=Size("1MiB"))
    out = {sink}

    agent = Agent("tailer", host="web-1", address="127.0.0.1")
    agent.flow(lines, to=spool)
    agent.deliver(spool, out)

    if __name__ == "__main__":
        agent.run()
"""

LINES = 40_000
PATIENCE = 60.0


class Tailer:
    """An agent with more lines to read than its channel holds, and a sink that is given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.log = folder / "lines.log"
        self.log.write_text("".join(f"{number} {'.' * 80}\n" for number in range(LINES)))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, sink: str) -> None:
        script = SCRIPT.format(log=str(self.log), sink=sink)
        (self.folder / "tailer.py").write_text(textwrap.dedent(script))
        command = [sys.executable, "tailer.py", "--state", "state", "--log", "warning"]
        self.process = subprocess.Popen(command, cwd=self.folder)

    def until_full(self) -> None:
        """Wait until the journal takes no more."""
        deadline, before, still = time.monotonic() + PATIENCE, -1, 0
        while still < 5:
            assert time.monotonic() < deadline
            segments = (self.folder / "state" / "journal").glob("*.seg")
            stored = sum(path.read_bytes().count(b"....") for path in segments)
            still = still + 1 if stored == before > 0 else 0
            before = stored
            time.sleep(0.1)

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Return the exit code, and the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(PATIENCE), time.monotonic() - began

    def files(self, directory: Path) -> str:
        return (
            f'FileRoll("out", directory=Path({str(directory)!r}), roll=Roll(idle=Duration("50ms")))'
        )

    def sender(self, port: int) -> str:
        peer = f'Peer("core", "127.0.0.1", {port})'
        link = 'link="tailer.spool => collector.spool", wire="9f86d081884c7d65"'
        return f'ArrowSender("to_core", {link}, peers=({peer},), connect_time_out=Duration("60s"))'

    def arrived(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for path in self.out.glob("*.log"):
            found.update(int(line.split()[0]) for line in path.read_text().splitlines())
        return found


@pytest.fixture
def tailer(tmp_path: Path) -> Iterator[Tailer]:
    made = Tailer(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.fixture
def deaf() -> Iterator[int]:
    """Yield a port whose connections are made and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", ["a link that is down", "a link that is deaf", "a full sink"])
def test_it_ends_in_time_and_nothing_is_lost(tailer: Tailer, deaf: int, obstacle: str) -> None:
    in_the_way = tailer.folder / "in the way"
    in_the_way.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as free:
        down = free.getsockname()[1]
    tailer.start(
        {
            "a link that is down": tailer.sender(down),
            "a link that is deaf": tailer.sender(deaf),
            "a full sink": tailer.files(in_the_way / "out"),
        }[obstacle]
    )
    tailer.until_full()
    code, seconds = tailer.end()
    assert (code, seconds < DRAIN) == (0, True), f"after {seconds:.1f} s"

    tailer.start(tailer.files(tailer.out))
    deadline = time.monotonic() + PATIENCE
    while len(tailer.arrived()) < LINES:
        assert time.monotonic() < deadline, "what was held did not arrive"
        time.sleep(0.1)
    assert tailer.end()[0] == 0
    assert tailer.arrived() == Counter(range(LINES))
