#!/usr/bin/env python3
"""A web server's access log, growing: bursts, half-written lines, rotation by rename.

    python traffic.py LOG_DIR --host web-1 --lines 100000 --seconds 20 --rotations 3

Rotated files are kept (`access.log.1` is the newest), so that what was written can be compared
with what arrived, line by line. Each line has an id of its own in its query string.
"""

import argparse
import os
import random
import time
from pathlib import Path

PAGES = ("/", "/cart", "/search", "/item", "/img/logo.png", "/api/v1/orders", "/login")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari",
    "curl/8.14.1",
)


def line(host: str, number: int, rng: random.Random) -> bytes:
    """Return one line in the combined format, unique by its `rid`."""
    address = (
        f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
    )
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    request = f"GET {rng.choice(PAGES)}?rid={host}-{number:08d} HTTP/1.1"
    status, size = rng.choice((200, 200, 200, 304, 404)), rng.randrange(200, 90_000)
    return (
        f'{address} - - [{stamp}] "{request}" {status} {size} "-" "{rng.choice(AGENTS)}"\n'.encode()
    )


def rotate(directory: Path, kept: int) -> None:
    """Rename access.log.N to access.log.N+1 and access.log to access.log.1, oldest first."""
    for number in range(kept, 0, -1):
        older = directory / f"access.log.{number}"
        if older.exists():
            older.rename(directory / f"access.log.{number + 1}")
    (directory / "access.log").rename(directory / "access.log.1")


class Log:
    """The server's open log. It keeps its file over a rename until `reopen`, as a server does."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "access.log"
        self.reopen()

    def reopen(self) -> None:
        """Open `access.log` anew, as nginx does on USR1."""
        if hasattr(self, "fd"):
            os.close(self.fd)
        self.fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, data: bytes, rng: random.Random) -> None:
        """Append; now and then in two writes, with a line cut in the middle."""
        if rng.random() < 0.1:
            cut = rng.randrange(1, len(data))
            os.write(self.fd, data[:cut])
            time.sleep(rng.random() * 0.01)
            data = data[cut:]
        os.write(self.fd, data)


def write_traffic(directory: Path, host: str, lines: int, seconds: float, rotations: int) -> None:
    """Write `lines` lines evenly over `seconds`, with `rotations` rotations on the way."""
    rng = random.Random(host)
    directory.mkdir(parents=True, exist_ok=True)
    log, written, rotated, began = Log(directory), 0, 0, time.monotonic()
    while written < lines:
        due = min(lines, int(lines * (time.monotonic() - began) / seconds) + 1)
        while written < due:
            burst = min(rng.randrange(1, 400), due - written)
            log.write(b"".join(line(host, written + i, rng) for i in range(burst)), rng)
            written += burst
        if rotated < rotations and written >= lines * (rotated + 1) // (rotations + 1):
            rotate(directory, rotated)
            # A server goes on writing to the renamed file until it is told to reopen.
            log.write(b"".join(line(host, lines + rotated * 100 + i, rng) for i in range(50)), rng)
            log.reopen()
            rotated += 1
        time.sleep(0.005)


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--host", default="web-1")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rotations", type=int, default=3)
    given = parser.parse_args()
    write_traffic(given.directory, given.host, given.lines, given.seconds, given.rotations)


if __name__ == "__main__":
    main()
