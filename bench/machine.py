"""What the machine itself reaches, so that two machines' figures can be compared: `make bench`."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 5
MIB = 1 << 20
LINES = 1_000_000
LINE = b"x" * 183 + b"\n"


def median(work: Callable[[], float]) -> float:
    """Return the middle of several rounds; one round more is discarded."""
    return statistics.median([work() for _ in range(ROUNDS + 1)][1:])


def copy_lines(folder: Path) -> float:
    """Read and write a file line by line in plain Python; return CPU seconds per million lines."""
    began = time.process_time()
    with (folder / "in").open("rb") as lines, (folder / "out").open("wb") as out:
        for line in lines:
            out.write(line)
    return time.process_time() - began


def copy_memory() -> float:
    """Return gigabytes a second from one buffer to another."""
    source, target = bytearray(256 * MIB), bytearray(256 * MIB)
    began = time.monotonic()
    target[:] = source
    return len(source) / (time.monotonic() - began) / 1e9


def write_and_sync(folder: Path) -> float:
    """Return megabytes a second of 1 MiB writes, each synced."""
    data = os.urandom(MIB)
    with (folder / "synced").open("wb", buffering=0) as file:
        began = time.monotonic()
        for _ in range(100):
            file.write(data)
            os.fdatasync(file.fileno())
        return 100 * MIB / (time.monotonic() - began) / 1e6


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        (folder / "in").write_bytes(LINE * LINES)
        print("| the machine itself | |\n| --- | --- |")
        cost = median(lambda: copy_lines(folder))
        print(f"| a plain Python loop over lines, CPU s per million | {cost:.2f} |", flush=True)
        print(f"| copying memory, GB/s | {median(copy_memory):.1f} |", flush=True)
        rate = median(lambda: write_and_sync(folder))
        print(f"| 1 MiB writes, each synced, MB/s | {rate:.0f} |\n", flush=True)


if __name__ == "__main__":
    main()
