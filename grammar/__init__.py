"""The syntax of the .flow language, in `flow.lark`, and what lark made of it, in `flow.tables`."""

from pathlib import Path

_HERE = Path(__file__).parent


def syntax() -> str:
    """Return the text of `flow.lark`."""
    return (_HERE / "flow.lark").read_text(encoding="utf-8")


def stored() -> bytes:
    """Return the tables of `flow.lark`, perhaps of another state of it; empty without any."""
    tables = _HERE / "flow.tables"
    return tables.read_bytes() if tables.is_file() else b""
