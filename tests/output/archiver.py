"""An agent as a process of its own, on a host of its own: the lines of its logs into files.

`archiver.py HOST OUT`: HOST is a folder with `logs/` and `state/`. With FREEZE=VERB it stops itself
(SIGSTOP) before it first does that to the sink's hidden folder, with VERB:N before the N-th time:
`names` looks who holds it, and `rename` takes it, then counts an intent, then publishes.
"""

import itertools
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.disk import RealDisk
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Taildir


def freeze_before(verb: str, nth: int) -> None:
    """Have the process stop itself before the n-th such call for a hidden folder."""
    whole, calls = getattr(RealDisk, verb), itertools.count(1)

    def call(self: RealDisk, path: Path, *more: Any) -> Any:
        if ".flumec" in path.parts and next(calls) == nth:
            # To this very thread: as one to the process, any other may take it, and this goes on.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return whole(self, path, *more)

    setattr(RealDisk, verb, call)


def main(host: str, out: str) -> None:
    """Run it."""
    if verb := os.environ.get("FREEZE"):
        name, _, nth = verb.partition(":")
        freeze_before(name, int(nth or 1))
    poll = Duration("100ms")
    lines = Taildir("lines", files=(f"{host}/logs/*.log",), poll=poll)
    spool, roll = File("spool", size=Size("16MiB")), Roll(every=poll)
    agent = Agent("archiver", host=Path(host).name, address="127.0.0.1", columns=())
    agent.flow(lines, to=[spool])
    agent.deliver(spool, FileRoll("files", directory=Path(out), roll=roll))
    agent.run(["--state", f"{host}/state", "--log", "info"])


if __name__ == "__main__":
    main(*sys.argv[1:])
