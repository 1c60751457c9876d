"""What is put into a channel that several hosts read goes to each one's own."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.batch import decode, encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Frame, Full, Put, Stored, TagRun
from flumec.runtime.journal.spreading import choose
from flumec.runtime.share import Share

HOSTS = ("core-1", "core-2", "core-3")


def journal(folder: Path, key: str | None, size: int = 1 << 20) -> Journal:
    names = [f"spool@{host}" for host in HOSTS]
    return Journal.open(
        folder, disk=RealDisk(), clock=SystemClock(), identity=Identity("h", "a", "0", "0"),
        channels=[
            ChannelSpec(name, size, durable=True, share=Share("spool", host, key))
            for name, host in zip(names, HOSTS, strict=True)
        ],
        sources=[], consumers=[ConsumerSpec(f"to-{name}", name) for name in names],
        segment_size=4 << 20,
    )  # fmt: skip


def batch(users: list[str | None]) -> pa.Buffer:
    bodies = pa.array([b"%d" % number for number in range(len(users))], pa.binary())
    return encode(pa.record_batch({"body": bodies, "h.user": pa.array(users, pa.utf8())}))


def read(opened: Journal, host: str) -> list[tuple[str, str | None, bytes, int]]:
    """Return (body, user, epoch and row of the tag) of all that a host has."""
    rows = []
    for chunk in opened.consumer(f"to-spool@{host}").read(0):
        whole = decode(chunk.body)
        tags = chunk.tags or (TagRun(chunk.epoch, chunk.first, chunk.rows),)
        named = [(run.epoch, run.row + place) for run in tags for place in range(run.count)]
        bodies = [body.decode() for body in whole.column("body").to_pylist()]
        users = whole.column("h.user").to_pylist()
        rows += [(b, u, *n) for b, u, n in zip(bodies, users, named, strict=True)]
    return rows


def test_each_host_gets_a_copy_that_lies_on_the_disk_once(tmp_path: Path) -> None:
    opened = journal(tmp_path, None)
    frame = Frame(("spool",), 3, batch(["a", None, "b"]))
    assert isinstance(opened.submit(Put((frame,))).result(), Stored)
    found = [read(opened, host) for host in HOSTS]
    assert found[0] == found[1] == found[2]
    assert [body for body, *_ in found[0]] == ["0", "1", "2"]
    opened.close()


def test_a_value_goes_to_one_host_in_order_with_the_tags_it_had(tmp_path: Path) -> None:
    opened = journal(tmp_path, "user")
    users = [f"u{number % 11}" if number % 5 else None for number in range(500)]
    tags = (TagRun(b"e" * 16, 1_000, 200), TagRun(b"f" * 16, 0, 300))
    put = Put((Frame(("spool",), 500, batch(users), born=7, tags=tags),))
    assert isinstance(opened.submit(put).result(), Stored)
    found = {host: read(opened, host) for host in HOSTS}
    opened.close()

    homes: dict[str | None, set[str]] = {}
    for host, rows in found.items():
        numbers = [int(body) for body, *_ in rows]
        assert numbers == sorted(numbers)
        for body, user, epoch, row in rows:
            homes.setdefault(user, set()).add(host)
            at = int(body)
            assert (epoch, row) == ((b"e" * 16, 1_000 + at) if at < 200 else (b"f" * 16, at - 200))
    assert sum(len(rows) for rows in found.values()) == 500
    assert all(len(hosts) == 1 for hosts in homes.values())


def test_one_that_is_full_refuses_only_what_is_its_own(tmp_path: Path) -> None:
    opened = journal(tmp_path, "user", size=1 << 12)
    homes = dict(
        zip(
            "abcdefgh",
            choose(pa.array([*"abcdefgh"]), [(h, 1) for h in HOSTS]).to_pylist(),
            strict=True,
        )
    )
    full = homes["a"]
    other = next(user for user, home in homes.items() if home != full)

    def put(user: str) -> object:
        return opened.submit(Put((Frame(("spool",), 50, batch([user] * 50)),))).result()

    while isinstance(put("a"), Stored):
        pass
    assert isinstance(put("a"), Full)
    assert isinstance(put(other), Stored)
    opened.close()


def test_values_are_shared_by_weight_and_few_move_when_a_host_goes() -> None:
    values = pa.array([f"user-{number}" for number in range(20_000)])
    before = choose(values, [("core-1", 1), ("core-2", 1), ("core-3", 2)]).to_pylist()
    after = choose(values, [("core-1", 1), ("core-3", 2)]).to_pylist()

    share = Counter(before)
    assert share[0] == pytest.approx(5_000, rel=0.1)
    assert share[2] == pytest.approx(10_000, rel=0.1)
    assert all({0: 0, 1: 2}[new] == old for old, new in zip(before, after, strict=True) if old != 1)
    assert set(choose(pa.array([None, None], pa.utf8()), [("a", 1), ("b", 1)]).to_pylist()) <= {
        0,
        1,
    }


def test_who_gets_a_value_is_the_same_in_every_version() -> None:
    values = pa.array(["ann", "bob", "eve", "", None])
    assert choose(values, [("core-1", 1), ("core-2", 1), ("core-3", 1)]).to_pylist() == [
        0,
        1,
        2,
        1,
        1,
    ]
