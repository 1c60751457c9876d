"""Where a generated script's component stands in its .flow file, for messages."""

import ast
from pathlib import Path


def origin(script: Path | None, component: str) -> str | None:
    """Return what the comment `# see FILE:LINE` above a component says, None without one."""
    try:
        text = script.read_text("utf-8") if script else ""
        statements = ast.parse(text).body
    except (OSError, SyntaxError, ValueError):
        return None
    lines = text.splitlines()
    for statement in statements:
        match statement:
            case ast.Assign(value=ast.Call(args=[ast.Constant(value=name), *_])) if (
                name == component
            ):
                return _see(lines, statement.lineno - 2)
    return None


def _see(lines: list[str], above: int) -> str | None:
    """Search the comment block that ends at the line `above`."""
    while above >= 0 and lines[above].startswith("#"):
        if lines[above].startswith("# see "):
            return lines[above].removeprefix("# see ").strip()
        above -= 1
    return None
