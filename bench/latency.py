"""How long a line is on its way at a low rate, hop by hop: `make bench`.

Every line says when it was written. Each agent has a logger behind a durable channel, which shows
only what has been synced; so from the write to the logger's line is, by a pipe more, the time until
the line is durable in that hop's channel.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from chain import build
from watched import Watched

SETTLE = 3.0
"""Seconds that the agents get to start and to link; nothing of that is counted."""


def write(path: Path, rate: int, seconds: float) -> list[int]:
    """Append lines, one at a time; return when each was written."""
    times = []
    with path.open("ab", buffering=0) as file:
        for _ in range(int(rate * seconds)):
            times.append(time.monotonic_ns())
            file.write(b"10.1.2.3 GET /item written %d %s\n" % (times[-1], b"x" * 120))
            time.sleep(1 / rate)
    return times


def run(rate: int, seconds: float) -> dict[str, list[float]]:
    """Carry lines; return each hop's latencies in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        work = Path(name)
        log = work / "access.log"
        log.touch()
        scripts = build("latency.flow", work, input=log)
        receiver, sender = (Watched(s, work / "state" / s.stem) for s in scripts)
        try:
            write(log, rate, SETTLE)
            written = write(log, rate, seconds)
            time.sleep(1.0)
        finally:
            sender.end()
            receiver.end()
    missing = [at for at in written if at not in sender.seen or at not in receiver.seen]
    if missing:
        raise SystemExit(f"{len(missing)} of {len(written)} lines were not seen")
    first = [(sender.seen[at] - at) / 1e6 for at in written]
    second = [(receiver.seen[at] - sender.seen[at]) / 1e6 for at in written]
    return {"written → durable in hop 1": first, "durable in hop 1 → durable in hop 2": second}


def main() -> None:
    """Print p50 and p99 of each hop."""
    parser = argparse.ArgumentParser(description="measure the way of single lines")
    parser.add_argument("--rate", type=int, default=50, help="lines a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="for how long")
    given = parser.parse_args()
    print(f"\n| way, {given.rate} lines/s | p50 ms | p99 ms |\n| --- | --- | --- |")
    for name, times in run(given.rate, given.seconds).items():
        cuts = statistics.quantiles(times, n=100)
        print(f"| {name} | {cuts[49]:.1f} | {cuts[98]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
