"""How long a line is on its way when the collector that gets it is gone: `make bench`.

Lines are written all the time. The first collector is killed, or falls silent with its connections
open, as behind a cable that was cut. What is written from then on has to come out of the second.
"""

import argparse
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chain import build
from watched import Watched

RATE = 50
SETTLE = 4.0
"""Seconds that the agents get to start and to link; nothing of that is counted."""
PATIENCE = 60.0
FAULTS = {
    "the collector is killed": (signal.SIGKILL, 2.0),
    "the collector falls silent": (signal.SIGSTOP, 15.0),
}
"""What happens to the first collector, and the seconds that are allowed."""


class Writer(threading.Thread):
    """Appends lines until it is told to stop."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.stop = threading.Event()
        self.written: list[int] = []

    def run(self) -> None:
        """Append lines, one at a time."""
        with self._path.open("ab", buffering=0) as file:
            while not self.stop.wait(1 / RATE):
                self.written.append(time.monotonic_ns())
                file.write(b"10.1.2.3 GET /item written %d\n" % self.written[-1])


def run(fault: signal.Signals) -> tuple[float, float]:
    """Return the seconds from the fault to the first line at the second collector, and how long the
    slowest line was on its way that was written after the fault.
    """
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        work = Path(name)
        log = work / "access.log"
        log.touch()
        scripts = build("failover.flow", work, input=log)
        second, first, _ = agents = [
            Watched(script, work / "state" / str(number)) for number, script in enumerate(scripts)
        ]
        writer = Writer(log)
        writer.start()
        try:
            _until(lambda: len(first.seen) > RATE * SETTLE)
            first.process.send_signal(fault)
            at = time.monotonic_ns()
            _until(lambda: any(seen > at for seen in list(second.seen.values())))
            time.sleep(2.0)
            writer.stop.set()
            writer.join()
            after = [line for line in writer.written if line > at]
            _until(lambda: all(line in second.seen for line in after))
        finally:
            writer.stop.set()
            for agent in agents:
                agent.end(signal.SIGKILL)  # also one that stands still
    longest = max(second.seen[line] - line for line in after)
    return (min(second.seen[line] for line in after) - at) / 1e9, longest / 1e9


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit("lines did not come through in a minute")
        time.sleep(0.01)


def main() -> None:
    """Print how long lines waited, for each fault."""
    parser = argparse.ArgumentParser(description="measure a link's failover")
    parser.add_argument("--runs", type=int, default=3, help="how often each fault happens")
    given = parser.parse_args()
    print("\n| fault | first line at the other, s | slowest line, s | allowed, s |")
    print("| --- | --- | --- | --- |")
    for name, (fault, allowed) in FAULTS.items():
        times = [run(fault) for _ in range(given.runs)]
        firsts, slowest = zip(*times, strict=True)
        print(f"| {name} | {max(firsts):.2f} | {max(slowest):.2f} | {allowed:.0f} |", flush=True)


if __name__ == "__main__":
    main()
