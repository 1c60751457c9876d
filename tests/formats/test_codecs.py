"""What a compressor writes, the tools that everybody has read back."""

import bz2
import gzip
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.formats.codec import compressor
from flumec.runtime.formats.formats import impossible
from flumec.runtime.formats.lines import LineWriter

READERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "bzip2": bz2.decompress,
    "zstd": lambda data: pa.CompressedInputStream(pa.py_buffer(data), "zstd").read(),
    "none": bytes,
}


@pytest.mark.parametrize("codec", READERS)
@pytest.mark.parametrize("pieces", [0, 1, 3, 400])
def test_it_is_one_stream_from_many_pieces(codec: str, pieces: int) -> None:
    data = [b"%d %s\n" % (n, b"abc" * (n % 50)) for n in range(pieces)]
    writer = LineWriter(codec)

    out = [bytes(part) for piece in data for part in writer.add([memoryview(piece)])]
    out += [bytes(part) for part in writer.finish()]

    assert READERS[codec](b"".join(out)) == b"".join(data)


@pytest.mark.parametrize(
    ("codec", "tool"), [("gzip", "gzip"), ("bzip2", "bzip2"), ("zstd", "zstd")]
)
def test_the_usual_tool_reads_it(codec: str, tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} on this machine")
    stream = compressor(codec)
    assert stream is not None
    (tmp_path / "file").write_bytes(stream.compress(b"a line\n" * 9_999) + stream.flush())

    with (tmp_path / "file").open("rb") as file:
        read = subprocess.run([tool, "-dc"], stdin=file, capture_output=True, check=True)

    assert read.stdout == b"a line\n" * 9_999


def test_gzip_is_written_without_isal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "isal", None)
    stream = compressor("gzip")
    assert stream is not None

    assert gzip.decompress(stream.compress(b"x") + stream.flush()) == b"x"


def test_what_hadoop_could_not_read_is_refused_with_the_reason() -> None:
    for format_ in ("text", "json"):
        assert "Hadoop has a framing of its own" in (impossible(format_, "lz4") or "")
        assert "Hadoop has a framing of its own" in (impossible(format_, "snappy") or "")
        assert all(impossible(format_, codec) is None for codec in READERS)
    assert "Parquet has no `bzip2`" in (impossible("parquet", "bzip2") or "")
    assert all(
        impossible("parquet", codec) is None for codec in ("none", "gzip", "zstd", "lz4", "snappy")
    )
