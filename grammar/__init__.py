"""The syntax of the .flow language, in `flow.lark`, and what lark made of it, in `flow.tables`."""

from importlib.resources import files


def syntax() -> str:
    """Return the text of `flow.lark`."""
    return files(__name__).joinpath("flow.lark").read_text(encoding="utf-8")


def stored() -> bytes:
    """Return the tables of `flow.lark`, perhaps of another state of it; empty without any."""
    tables = files(__name__).joinpath("flow.tables")
    return tables.read_bytes() if tables.is_file() else b""
