"""How soon a journal that was killed full is ready again, and what memory that takes.

    python bench/start.py [GIB] [DIRECTORY]

A process fills the journal and is killed; another opens it and reads its first rows.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
from flumec.runtime.journal.records import Frame, Put
from journal import open_journal

BODY = 1 << 20
ROWS = 5_000
WINDOW = 8
LARGE = 1 << 50
"""The channel's size: enough for whatever is asked for."""


def fill(directory: Path, gibibytes: float) -> None:
    """Put so many bytes, and die of it."""
    journal = open_journal(directory, size=LARGE)
    frame = Frame(("spool",), ROWS, pa.py_buffer(os.urandom(BODY)))
    under_way = []
    for _ in range(int(gibibytes * (1 << 30)) // BODY):
        under_way.append(journal.submit(Put((frame,))))
        if len(under_way) == WINDOW:
            under_way.pop(0).result()
    for future in under_way:
        future.result()
    os.kill(os.getpid(), signal.SIGKILL)


def start(directory: Path) -> None:
    """Open, read the first rows, and say what it took."""
    began = time.monotonic()
    journal = open_journal(directory, size=LARGE)
    ready = time.monotonic() - began
    first = journal.consumer("sink").read(60.0)[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = journal.stats()["spool"].held_bytes / (1 << 30)
    print(
        f"{held:6.2f} GiB held: ready after {ready:.2f} s, first row {first.first} after "
        f"{time.monotonic() - began:.2f} s, resident at most {peak:.0f} MiB"
    )
    journal.close()


def main() -> None:
    """Fill and start with an almost empty journal, and with the size that is asked for."""
    if sys.argv[1:2] == ["fill"]:
        fill(Path(sys.argv[2]), float(sys.argv[3]))
    if sys.argv[1:2] == ["start"]:
        start(Path(sys.argv[2]))
        return
    size = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    root = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for gibibytes in (0.01, size):
        with tempfile.TemporaryDirectory(dir=root) as directory:
            for what in (["fill", directory, str(gibibytes)], ["start", directory]):
                subprocess.run([sys.executable, __file__, *what], check=False)


if __name__ == "__main__":
    main()
