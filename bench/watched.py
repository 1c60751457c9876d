"""An agent whose log is watched: when each line that it was to carry came out of it."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from chain import environment

WRITTEN = re.compile(rb"written (\d+)")


class Watched:
    """An agent under watch; `seen` has when a line was first shown, by when it was written (ns)."""

    def __init__(self, script: Path, state: Path) -> None:
        state.mkdir(parents=True)
        self.process = subprocess.Popen(
            [sys.executable, str(script)], env=environment(state), stderr=subprocess.PIPE
        )
        self.seen: dict[int, int] = {}
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := WRITTEN.search(line):
                self.seen.setdefault(int(found.group(1)), time.monotonic_ns())

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to stop, and wait."""
        self.process.send_signal(how)
        self.process.wait(timeout=60)
        self._thread.join()
