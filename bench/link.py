"""What a link costs each of its ends, plain and by TLS, in MB for each second of CPU: `make bench`.

Two processes, a TCP connection on the loopback, frames of 1 MiB as a journal holds them: the sender
frames and sends them, the receiver checks the CRC and validates every value, as a collector does.
What journals cost is measured by chain.py; this is what stands between them.
"""

import argparse
import logging
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from flumec.compiler.certs.authority import Authority
from flumec.runtime.batch import encode
from flumec.runtime.checksum import crc32
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Port
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal.records import TagRun
from flumec.runtime.links import ArrowReceiver, ArrowSender, Peer
from flumec.runtime.links.connection import Connection
from flumec.runtime.links.framing import frame
from flumec.runtime.links.inspection import inspect
from flumec.runtime.links.messages import Data, Delivery
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.links.secured import Secured
from flumec.runtime.tls.proof import Proof
from flumec.runtime.tls.settings import Tls

HOST = "bench-1"
FRAMES = 300
"""Of about 1 MiB; a run takes less than a second."""
ROUNDS = 5
"""Of each way; `--rounds` says otherwise."""
BAR = 400
"""MB for each second of CPU and side that a link with `tls = mutual` is to reach."""

CLOCK = SystemClock()
CONTEXT: Any = SimpleNamespace(
    clock=CLOCK, disk=RealDisk(), host=HOST, log=logging.getLogger("bench"),
    counters=SimpleNamespace(set=lambda *_: None, add=lambda *_: None),
)  # fmt: skip


def body() -> pa.Buffer:
    """Return a frame of log lines."""
    lines = [
        f'203.0.113.{n % 256} - - [28/Nov/2026:14:05:{n % 60:02}] "GET /{n:x}/{n * 7919 % 9973} '
        f'HTTP/1.1" 200 {n * 31 % 9999} "-" "Mozilla/5.0 (X11; Linux x86_64)"'.encode()
        for n in range(8_000)
    ]
    return encode(pa.record_batch({"body": pa.array(lines, pa.binary())}))


def send(raw: socket.socket, tls: Tls, content: pa.Buffer) -> None:
    """Send frames; the system delivers what is on the way when this ends."""
    connection = Connection(_ours(raw, tls), CLOCK, Pulse(60, time.monotonic()))
    rows = 8_000
    crc = crc32(content)
    for n in range(FRAMES):
        first = n * rows
        tags = (TagRun(bytes(16), first, rows),)
        data = Data(1, bytes(16), first, first + rows, rows, 0, 0, crc, tags)
        connection.transmit(frame(data, content))


def _ours(raw: socket.socket, tls: Tls) -> "socket.socket | Secured":
    if tls == "none":
        return raw
    settings = ArrowSender("to", link="a", wire="b", peers=(Peer(HOST, HOST, 1),), tls=tls)
    proof = Proof(settings, CONTEXT, listens=False, host=HOST)
    stream = Secured(raw, proof.tls, HOST)
    stream.handshake(time.monotonic() + 20, CLOCK, lambda: False)
    return stream


def receive(raw: socket.socket, tls: Tls, _: pa.Buffer) -> None:
    """Take frames as a receiver does."""
    stream: socket.socket | Secured = raw
    if tls != "none":
        settings = ArrowReceiver("from", port=Port(1), tls=tls)
        stream = Secured(raw, Proof(settings, CONTEXT, listens=True, host=HOST).tls)
    connection = Connection(stream, CLOCK, Pulse(60, time.monotonic()))
    connection.prove(20, lambda: False)
    for _n in range(FRAMES):
        delivery = connection.receive({Data.kind: 64 << 20})
        assert isinstance(delivery, Delivery)
        inspect(delivery.body, delivery.head.rows)
    raw.close()


Work = Callable[[socket.socket, Tls, pa.Buffer], None]


def cpu(work: Work, raw: socket.socket, tls: Tls, content: pa.Buffer) -> tuple[int, int]:
    """Do it in a process of its own; return that and a descriptor that gives its CPU seconds."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        began = time.process_time()
        work(raw, tls, content)
        os.write(there, f"{time.process_time() - began}".encode())
        os._exit(0)
    os.close(there)
    return child, here


def measure(tls: Tls, content: pa.Buffer) -> tuple[float, float, float]:
    """Return the MB for each second: of the sender's CPU, of the receiver's, of the clock."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far = server.accept()[0]
    began = time.monotonic()
    ends = [cpu(send, near, tls, content), cpu(receive, far, tls, content)]
    near.close()
    far.close()
    seconds = [float(os.read(pipe, 64) or b"nan") for _, pipe in ends]
    took = time.monotonic() - began
    for child, pipe in ends:
        os.waitpid(child, 0)
        os.close(pipe)
    size = FRAMES * content.size / 1e6
    return size / seconds[0], size / seconds[1], size / took


def main() -> None:
    """Print the table; say whether the bar is reached."""
    parser = argparse.ArgumentParser(description="a link's cost at each end")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args().rounds
    pa.set_cpu_count(1)
    folder = Path(tempfile.mkdtemp(prefix="flumec-bench-"))
    authority = Authority.make("bench")
    issued = authority.issue([HOST])
    for name, text in (
        ("ca", authority.certificate),
        ("cert", issued.certificate),
        ("key", issued.key),
    ):
        (folder / f"flumec-{name}").write_bytes(text)
    os.environ["CREDENTIALS_DIRECTORY"] = str(folder)
    content = body()
    print(f"\na link, frames of {content.size / 2**20:.2f} MiB, load {os.getloadavg()[0]:.1f}\n")
    print("| tls | sender, MB per CPU s | receiver, MB per CPU s | MB per s of the clock |")
    print("| --- | --- | --- | --- |")
    modes: tuple[Tls, ...] = ("none", "server", "mutual")
    for tls in modes:
        rounds = [measure(tls, content) for _ in range(asked)]
        sender, receiver, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"| `{tls}` | {sender:,.0f} | {receiver:,.0f} | {wall:,.0f} |", flush=True)
    reached = "reached" if min(sender, receiver) >= BAR else "not reached"
    print(f"\nat least {BAR} with `mutual` at each end: {reached}")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


if __name__ == "__main__":
    main()
