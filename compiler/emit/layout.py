"""Python expressions laid out as the formatter would: on one line, or one argument a line."""

from collections.abc import Sequence
from typing import TypeAlias

from flumec.compiler.emit.literal import width
from flumec.runtime.frozen import frozen

LINE = 88
"""The formatter's own default: scripts are read where no pyproject.toml says otherwise."""


@frozen
class Call:
    """`function(arguments)`; an argument is an expression, or (name, expression)."""

    function: str
    arguments: "Sequence[Expression | tuple[str, Expression]]"


@frozen
class Items:
    """A tuple."""

    items: "Sequence[Expression]"


Expression: TypeAlias = "str | Call | Items"


def lay_out(expression: Expression, prefix: str = "", indent: int = 0, suffix: str = "") -> str:
    """Return `prefix`, the expression and `suffix`, with further lines indented by `indent`.

    >>> print(lay_out(Call("File", ['"spool"', ("size", Call("Size", ['"4GiB"']))]), "spool = "))
    spool = File("spool", size=Size("4GiB"))
    """
    line = prefix + flat(expression) + suffix
    if isinstance(expression, str) or indent + width(line) <= LINE:
        return line
    opening, closing = _brackets(expression)
    arguments = expression.arguments if isinstance(expression, Call) else expression.items
    if not arguments:
        return line
    margin = " " * (indent + 4)
    lines = [f"{prefix}{opening}"]
    for argument in arguments:
        name, value = argument if isinstance(argument, tuple) else ("", argument)
        lines.append(margin + lay_out(value, f"{name}=" if name else "", indent + 4, ","))
    lines.append(" " * indent + closing + suffix)
    return "\n".join(lines)


def flat(expression: Expression) -> str:
    """Return the expression on one line."""
    if isinstance(expression, str):
        return expression
    opening, closing = _brackets(expression)
    if isinstance(expression, Items):
        inner = ", ".join(flat(item) for item in expression.items)
        return f"{opening}{inner}{',' if len(expression.items) == 1 else ''}{closing}"
    return opening + ", ".join(_argument(argument) for argument in expression.arguments) + closing


def _argument(argument: "Expression | tuple[str, Expression]") -> str:
    if isinstance(argument, tuple):
        return f"{argument[0]}={flat(argument[1])}"
    return flat(argument)


def _brackets(expression: Call | Items) -> tuple[str, str]:
    return (f"{expression.function}(", ")") if isinstance(expression, Call) else ("(", ")")
