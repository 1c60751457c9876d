"""Starts agents fast: a process that has imported all they need, and forks for each start.

An import of Arrow takes most of a start's time, and hundreds of kills need hundreds of starts. What
is forked here has no threads, no files and no state; it lives and dies as a process of its own.
Spoken with over two pipes, a line of JSON each: `{"argv", "fault", "log"}` is answered by the new
process's number, `{"pid"}` by its exit code, or null while it lives.
"""

import json
import os
import sys
from typing import Any

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")  # as an agent sets it, before Arrow

# ruff: noqa: F401 they are imported so that a fork has them
import cryptography.hazmat.primitives.ciphers.aead
import flumec.runtime.http.server
import flumec.runtime.links.receiving
import flumec.runtime.links.sending
import flumec.runtime.output.delivery
import flumec.runtime.output.once
import flumec.runtime.process
import flumec.runtime.staff
import flumec.runtime.tail.follow
import flumec.runtime.watch
import pyarrow.compute
from faults import fleets
from flumec.runtime import custody

# To be killed is all that happens here, and by chance it is thrice with the same row alone in hand:
# an agent then takes the row for poison, stops its channel, and is right by all that it can know.
custody.DEATHS = 1_000_000


def start(order: dict[str, Any]) -> int:
    """Fork an agent; return its process's number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        if order["fault"]:
            os.environ["FLUMEC_FAULT"] = order["fault"]
        fleets.run(*order["argv"])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def status(pid: int) -> int | None:
    """Return the exit code of a process, negative for a signal; None while it lives."""
    found, code = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(code) if found else None


def main() -> None:
    """Serve until the pipe is closed."""
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(status(order["pid"]) if "pid" in order else start(order)), flush=True)


if __name__ == "__main__":
    main()
