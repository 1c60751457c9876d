"""A large file does not fill the system's memory with what nobody will read soon."""

import os
from pathlib import Path

from flumec.runtime.component import Size
from flumec.runtime.disk import RealDisk
from flumec.runtime.output.local import LocalStore
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing.claims import ANY
from residency import cached, require_a_disk

from .conftest import Channel, Hidden, Published, Start

MIB = 1 << 20


def test_it_is_let_go_once_it_is_stored(tmp_path: Path) -> None:
    require_a_disk(tmp_path)
    store = LocalStore(tmp_path / "out", "files", os.urandom(16), RealDisk(), host="core-1")
    store.take_over(ANY, witness=False)
    file = store.create()
    for _ in range(64):
        file.write([b"x" * MIB])
    file.finish()
    assert cached(Path(file.name)) < 0.1


def test_a_small_file_stays_for_who_reads_it_next(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    channel.bodies(b"x" * MIB)
    FileRoll("files", directory=tmp_path / "out", roll=Roll(size=Size("1MiB"))).run(
        place(RealDisk())
    )
    (name,) = published()
    assert hidden() == []
    assert cached(tmp_path / "out" / name) == 1
