"""A channel that several hosts read gets another name: what is in it stays theirs."""

from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime import Agent, Size
from flumec.runtime.batch import decode, encode
from flumec.runtime.channels import File
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Header
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import Identity, Journal
from flumec.runtime.journal.records import Frame, Put, Stored
from flumec.runtime.links.arrow_sender import ArrowSender
from flumec.runtime.links.each import All, Each, Hashed
from flumec.runtime.links.peer import Peer
from flumec.runtime.staff import channel_specs, consumer_specs

HOSTS = ("core-1", "core-2")


def opened(folder: Path, kind: str, name: str, formerly: str | None = None) -> Journal:
    """Open the journal of an agent that sends what is in one channel to each of the hosts."""
    senders = [
        ArrowSender(f"to-{host}", link="l", wire="w", peers=(Peer(host, host, 4141),))
        for host in HOSTS
    ]
    each: Each = All(*senders) if kind == "all" else Hashed(Header("user"), *senders)
    agent = Agent("tailer", host="web-1", address="127.0.0.1", columns=["user"])
    agent.deliver(File(name, size=Size("1MiB"), formerly=formerly), each)
    return Journal.open(
        folder, disk=RealDisk(), clock=SystemClock(), identity=Identity("h", "a", "0", "0"),
        channels=channel_specs(agent), sources=[], consumers=consumer_specs(agent),
        segment_size=4 << 20,
    )  # fmt: skip


def bodies(journal: Journal) -> list[list[bytes]]:
    """Return what each host has yet to get."""
    chunks = [journal.consumer(f"to-{host}").read(0) for host in HOSTS]
    return [[b for c in of for b in decode(c.body).column("body").to_pylist()] for of in chunks]


@pytest.mark.parametrize("kind", ["all", "hash"])
def test_what_each_host_has_yet_to_get_is_there_under_the_new_name(
    tmp_path: Path, kind: str
) -> None:
    first = opened(tmp_path, kind, "spool")
    users = pa.array([f"u{number}" for number in range(40)])
    rows = pa.array([b"%d" % number for number in range(40)], pa.binary())
    body = encode(pa.record_batch({"body": rows, "h.user": users}))
    assert isinstance(first.submit(Put((Frame(("spool",), 40, body),))).result(), Stored)
    before = bodies(first)
    first.close()
    assert all(before)

    renamed = opened(tmp_path, kind, "queue", formerly="spool")
    assert set(renamed.stats()) == {f"queue@{host}" for host in HOSTS}
    assert bodies(renamed) == before
    renamed.close()
