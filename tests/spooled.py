"""A journal of events for a sink, on a disk whose power can be cut; and the files that it wrote."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from flumec.runtime.batch import encode
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.testing import CrashDisk, LeapingClock

STATE, OUT = Path("/state"), Path("/out")
SPOOL = {"spool": 1 << 20}
PUTS = ["aab", "bac", "ca", "b"]
"""The hosts of each put's events; a body is the host, the put and a number."""

ROWS = [f"{host}{put}{n}" for put, hosts in enumerate(PUTS) for n, host in enumerate(hosts)]


def open_journal(
    disk: CrashDisk, readers: Sequence[ConsumerSpec], channels: Mapping[str, int] = SPOOL
) -> Journal:
    """Open the journal of a collector, with the channels and their sizes."""
    disk.make_directory(STATE)
    return Journal.open(
        STATE / "journal",
        disk=disk,
        clock=LeapingClock(),
        identity=Identity("core-1", "collector", "1", "bundle"),
        channels=[ChannelSpec(name, size, durable=True) for name, size in channels.items()],
        sources=[],
        consumers=readers,
        segment_size=1 << 14,
    )


def put_rows(journal: Journal, born: int | None = None) -> None:
    """Put all rows, each put acknowledged, and close."""
    for put, hosts in enumerate(PUTS):
        bodies = [f"{host}{put}{n}".encode() for n, host in enumerate(hosts)]
        columns = {"body": pa.array(bodies, pa.binary()), "h.host": pa.array(list(hosts))}
        frame = Frame(("spool",), len(hosts), encode(pa.record_batch(columns)), born=born)
        journal.submit(Put((frame,))).result()
    journal.close()


def files(disk: CrashDisk, folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without those that are hidden below it."""
    folders = [folder]
    while folders:
        folder = folders.pop()
        for path in (folder / name for name in disk.names(folder) if name != ".flumec"):
            try:
                disk.names(path)
            except FileNotFoundError:
                yield path
            else:
                folders.append(path)
