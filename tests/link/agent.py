"""One end of a link as a process to be killed: `agent.py tailer|collector STATE PORT TOTAL`."""

import sys
import time
from pathlib import Path

from flumec.runtime.journal.records import Frame, Progress, Put

sys.path.insert(0, str(Path(__file__).parent))
from conftest import End, Site, events


def count(end: End, total: int) -> None:
    """Put the numbers up to `total`, from where the journal says that this stopped."""
    stored = end.journal.positions("counter").get(b"")
    at = stored.to if stored else b""
    while (value := int(at or b"0")) < total:
        to = b"%d" % (value + 20)
        put = Put(
            (Frame(("spool",), 20, events(range(value, value + 20))),),
            (Progress("counter", b"", at, to),),
        )
        end.journal.submit(put, wait=True).result()
        at = to
        time.sleep(0.004)


def main(role: str, state: str, port: str, total: str) -> None:
    end = End(Path(state), role)
    end.port = int(port)
    site = Site(Path(state))
    if role == "collector":
        end.start(site.receiver())
    else:
        end.start(site.sender(end.port))
        count(end, int(total))
        while end.held:
            time.sleep(0.01)
        print("done", flush=True)
    while not end.died:
        time.sleep(0.05)
    raise end.died


if __name__ == "__main__":
    main(*sys.argv[1:])
