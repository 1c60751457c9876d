"""The templates of what is generated: layout in jinja, logic in Python."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def render(template: str, /, **values: Any) -> str:
    """Return the text of a template; a name that it lacks is an error, never an empty text."""
    return _template(template).render(values)


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 scripts and units, not HTML; users' text comes through literal()
    )
    return environment.get_template(name)
