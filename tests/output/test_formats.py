"""Whatever a file is made of, the sink delivers each row once, in order, and rolls by its size."""

import bz2
import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flumec.runtime.component import Size
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, Hidden, Published, Start, TroubledDisk


def plain(codec: str, content: bytes) -> bytes:
    if codec == "zstd":
        return pa.CompressedInputStream(pa.py_buffer(content), "zstd").read()
    return {"none": bytes, "gzip": gzip.decompress, "bzip2": bz2.decompress}[codec](content)


def bodies(format_: str, codec: str, content: bytes) -> list[bytes]:
    if format_ == "parquet":
        return pq.read_table(io.BytesIO(content)).column("body").to_pylist()
    lines = plain(codec, content).splitlines()
    return lines if format_ == "text" else [json.loads(line)["body"].encode() for line in lines]


KINDS = [
    ("text", "none", ".log"), ("text", "gzip", ".log.gz"), ("text", "bzip2", ".log.bz2"),
    ("text", "zstd", ".log.zst"), ("json", "none", ".jsonl"), ("json", "zstd", ".jsonl.zst"),
    ("parquet", "none", ".parquet"), ("parquet", "snappy", ".parquet"),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "codec", "end"), KINDS)
@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_each_row_once_in_its_paths_order(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path,
    format_: Any, codec: Any, end: str, workers: int,
) -> None:  # fmt: skip
    dice = random.Random(7)
    number = 0
    for _ in range(12):
        hosts = [dice.choice("abcde") for _ in range(dice.randint(1, 200))]
        channel.bodies(*[b"%d" % (number + n) for n in range(len(hosts))], host=hosts)
        number += len(hosts)
    sink = FileRoll(
        "files", directory=tmp_path / "out", path="%{host}", format=format_, codec=codec,
        workers=workers, roll=Roll(events=70),
    )  # fmt: skip
    here = place(TroubledDisk(), steps=40)

    sink.run(here)

    files = published()
    assert all(name.endswith(end) for name in files)
    found = [(Path(name).parent, bodies(format_, codec, files[name])) for name in sorted(files)]
    rows = [int(body) for _, content in found for body in content]
    assert sorted(rows) == list(range(number))
    for folder in {folder for folder, _ in found}:
        mine = [int(body) for each, content in found if each == folder for body in content]
        assert mine == sorted(mine)
    assert all(len(content) <= 70 for _, content in found)
    assert (hidden(), channel.delivered, dict(channel.cursor.ahead)) == ([], number, {})


@pytest.mark.parametrize(
    ("format_", "codec"),
    [
        ("json", "gzip"),
        ("parquet", "zstd"),
        *(pytest.param("text", codec, marks=pytest.mark.slow) for codec in ("zstd", "gzip")),
    ],
)
def test_files_are_rolled_by_the_size_that_they_have_when_compressed(
    channel: Channel, place: Start, published: Published, tmp_path: Path, format_: Any, codec: Any
) -> None:
    dice = random.Random(1)
    for _ in range(60):
        channel.bodies(*[b"%x" % dice.getrandbits(256) * 8 for _ in range(250)])
    sink = FileRoll(
        "files", directory=tmp_path / "out", format=format_, codec=codec,
        roll=Roll(size=Size("128KiB")),
    )  # fmt: skip

    sink.run(place(TroubledDisk(), steps=70))

    sizes = [len(content) for content in published().values()]
    assert sum(len(bodies(format_, codec, c)) for c in published().values()) == 15_000
    assert len(sizes) >= 3
    assert all(64 << 10 < size < 256 << 10 for size in sizes[1:-1]), sizes


def test_rows_with_another_header_begin_another_file_and_then_all_fit(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(b"0")
    channel.bodies(b"1", host=["web-1"])
    channel.bodies(b"2")
    channel.bodies(b"3", kind=["x"])
    channel.bodies(b"4", host=["web-2"])

    FileRoll("files", directory=tmp_path / "out", format="parquet").run(place(steps=8))

    tables = [pq.read_table(io.BytesIO(content)).to_pydict() for content in published().values()]
    assert tables == [
        {"body": [b"0"]},
        {"body": [b"1", b"2"], "host": ["web-1", None]},
        {"body": [b"3", b"4"], "host": [None, "web-2"], "kind": ["x", None]},
    ]
    assert channel.delivered == 5


def test_what_formats_hold_back_is_bounded(
    channel: Channel, place: Start, published: Published, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from flumec.runtime.formats.parquet import ParquetFile
    from flumec.runtime.output import publisher

    monkeypatch.setattr(publisher, "_MOST_HELD", 1 << 20)
    most: list[int] = []
    add: Callable[..., Any] = ParquetFile.add
    monkeypatch.setattr(
        ParquetFile, "add", lambda self, pieces: (add(self, pieces), most.append(self.held))[0]
    )
    for _ in range(8):
        channel.bodies(*[b"x" * 10_000] * 100, host=list("abcdefghij") * 10)
    sink = FileRoll("files", directory=tmp_path / "out", path="%{host}", format="parquet")

    sink.run(place(TroubledDisk(), steps=12))

    assert len(published()) == 10
    assert max(most) < 500_000
    groups = [
        pq.ParquetFile(io.BytesIO(content)).num_row_groups for content in published().values()
    ]
    assert max(groups) > 1
    assert channel.delivered == 800


def test_a_prefix_and_a_suffix_stand_around_the_name(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(b"one")
    FileRoll("files", directory=tmp_path / "out", prefix="web-", suffix="").run(place())

    assert list(published()) == [
        "web-core-1.example.com.collector.files.000000000000-000000000000.010000"
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"codec": "lz4"}, "Hadoop has a framing of its own"),
        ({"format": "json", "codec": "snappy"}, "Hadoop has a framing of its own"),
        ({"format": "parquet", "codec": "bzip2"}, "Parquet has no `bzip2`"),
        ({"format": "json", "newline": False}, "only `text` can do without newlines"),
        ({"body": "string"}, "only `parquet` has a type for bodies"),
        ({"timezone": "Europe/Berlin"}, "`timezone`: `path` has no time in it"),
        ({"timezone": "Mars/Base", "path": "%Y"}, "`timezone` must be a name in the time zone"),
        ({"timezone": "../etc/passwd", "path": "%Y"}, "`timezone` must be a name in the time zone"),
        ({"prefix": ".x"}, "`prefix` must be at most 20 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_declared(
    given: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=sentence.replace("(", "[(]")):
        FileRoll("files", directory=tmp_path, **given)
