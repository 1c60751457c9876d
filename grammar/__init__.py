"""The syntax of the .flow language, in `flow.lark`."""

from importlib.resources import files


def syntax() -> str:
    """Return the text of `flow.lark`."""
    return files(__name__).joinpath("flow.lark").read_text(encoding="utf-8")
