"""A Parquet file has all rows in order, a column for each named header, and the rest in a map."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flumec.runtime.batch import constant
from flumec.runtime.formats import parquet
from flumec.runtime.formats.parquet import Parquet, ParquetFile


def batch(bodies: list[bytes | None], **columns: Any) -> pa.RecordBatch:
    return pa.record_batch({"body": pa.array(bodies, pa.binary())} | columns)


def written(file: ParquetFile, out: list[Any]) -> pq.ParquetFile:
    content = b"".join(bytes(part) for part in (*out, *file.finish()))
    return pq.ParquetFile(io.BytesIO(content))


@pytest.mark.parametrize("codec", ["none", "gzip", "zstd", "lz4", "snappy"])
def test_rows_come_back_in_order_with_their_headers(codec: str) -> None:
    format_ = Parquet(codec)
    rest = pa.array([[("x", "1")], None, []], pa.map_(pa.utf8(), pa.utf8()))
    rows = format_.rows(
        format_.payload(
            batch(
                [b"a", None, b"\xff"],
                headers=rest,
                **{"h.host": constant("web-1", 3), "h.body": pa.array(["p", None, "q"])},
            )
        )
    )
    file = format_.writer()

    found = written(file, file.add([rows.piece(0, 2), rows.piece(2, 3)]))

    assert found.schema_arrow.names == ["body", "h.body", "host", "headers"]
    assert found.read().to_pydict() == {
        "body": [b"a", b"", b"\xff"],
        "h.body": ["p", None, "q"],
        "host": ["web-1"] * 3,
        "headers": [[("x", "1")], None, []],
    }
    compressed = found.metadata.row_group(0).column(0).compression
    assert compressed == ("UNCOMPRESSED" if codec == "none" else codec.upper())


def test_a_file_takes_rows_that_lack_columns_and_refuses_those_that_bring_more() -> None:
    format_ = Parquet("none")
    plain = format_.rows(format_.payload(batch([b"a"])))
    first = format_.writer()
    hosts = format_.rows(format_.payload(batch([b"b"], **{"h.host": pa.array(["web-1"])})))
    second = format_.writer()

    assert (first.takes(plain), first.takes(hosts)) == (True, False)
    assert (second.takes(plain), second.takes(hosts)) == (True, True)
    found = written(second, second.add([plain.piece(0, 1), hosts.piece(0, 1)]))
    assert found.read().to_pydict() == {"body": [b"a", b"b"], "host": [None, "web-1"]}


def test_row_groups_are_bounded_and_what_is_held_can_be_pressed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "_GROUP", 10_000)
    format_ = Parquet("none")
    rows = format_.rows(format_.payload(batch([b"x" * 92] * 100)))
    file, out = format_.writer(), []
    for _ in range(4):
        for start in range(0, 100, 10):
            out += file.add([rows.piece(start, start + 10)])
            assert file.held < 11_000
    held = file.held
    out += file.press()

    found = written(file, out)
    assert (held > 0, file.held) == (True, 0)
    groups = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert sum(groups) == 400
    assert max(groups) <= 110
    assert len(groups) == 4


def test_a_piece_does_not_keep_the_memory_of_its_batch() -> None:
    format_ = Parquet("none")
    rows = format_.rows(format_.payload(batch([b"x" * 1_000] * 1_000)))

    few, most = rows.piece(10, 12), rows.piece(0, 900)

    assert sum(b.size for b in few.column(0).buffers() if b) < 4_000
    assert most.column(0).buffers()[2].address == rows.batch.column(0).buffers()[2].address
    assert few.column(0).to_pylist() == [b"x" * 1_000] * 2


def test_a_size_is_filled_by_the_average_row() -> None:
    format_ = Parquet("none")
    rows = format_.rows(format_.payload(batch([b"x" * 96] * 50)))

    assert rows.filling(0, 50, 0) == 1
    assert rows.filling(0, 50, 1_000) == 10
    assert rows.filling(3, 50, 10**9) == 50
    assert rows.size(0, 50) == 50 * rows.size(0, 1)


def test_a_file_without_rows_is_readable() -> None:
    assert written(Parquet("zstd").writer(), []).read().num_rows == 0


def test_bodies_that_are_texts_are_strings_and_the_others_have_their_own_column() -> None:
    format_ = Parquet("none", text=True)
    plain = format_.rows(format_.payload(batch([b"caf\xc3\xa9", None])))
    first = format_.writer()
    mixed = format_.rows(format_.payload(batch([b"a", b"\xff"])))

    found = written(first, first.add([plain.piece(0, 2)])).read()
    assert found.schema.field("body").type == pa.string()
    assert found.to_pydict() == {"body": ["café", ""]}
    assert not first.takes(mixed)
    second = format_.writer()
    found = written(second, second.add([mixed.piece(0, 2), plain.piece(0, 1)])).read()
    assert found.to_pydict() == {"body": ["a", None, "café"], "body_binary": [None, b"\xff", None]}
