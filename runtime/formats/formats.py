"""The formats by name, as a .flow file has them, and which codecs each of them can have."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from flumec.runtime.formats.format import Format

FORMATS = Literal["text", "json", "parquet"]
CODECS = Literal["none", "gzip", "zstd", "bzip2", "lz4", "snappy"]

_SUFFIXES = {"text": ".log", "json": ".jsonl", "parquet": ".parquet"}
_ENDS = {"gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2"}


def suffix(format_: str, codec: str) -> str:
    """Return what the names of files end in; a Parquet file says itself how it is compressed.

    >>> suffix("text", "gzip"), suffix("json", "none"), suffix("parquet", "zstd")
    ('.log.gz', '.jsonl', '.parquet')
    """
    return _SUFFIXES[format_] + ("" if format_ == "parquet" else _ENDS.get(codec, ""))


def impossible(format_: str, codec: str) -> str | None:
    """Return why files of a format can't have a codec; None if they can."""
    if format_ == "parquet":
        return "Parquet has no `bzip2`: `zstd` is smaller and faster" if codec == "bzip2" else None
    if codec in ("lz4", "snappy"):
        return (
            f"files of lines cannot be `{codec}`: Hadoop has a framing of its own for it that no "
            "other program reads, and reads no other; `zstd` is read by both"
        )
    return None


def make(format_: str, codec: str, *, newline: bool, text: bool = False) -> "Format":
    """Return a format, ready to write."""
    if format_ == "json":
        from flumec.runtime.formats.json_lines import JsonLines

        return JsonLines(codec)
    if format_ == "parquet":
        from flumec.runtime.formats.parquet import Parquet

        return Parquet(codec, text=text)
    from flumec.runtime.formats.text import Text

    return Text(codec, newline=newline)
