"""The parser: a file's text to its tree, and what is wrong with its form."""

from typing import Any

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse_tables import END, tables
from flumec.compiler.parse_tokens import scan
from flumec.compiler.source import Source, Span


class UnexpectedToken(Diagnostic, code="FL001"):
    """Something stands where the language has no place for it."""

    found: str

    @property
    def message(self) -> str:
        """What was found."""
        return f"`{self.found}` is not expected here"


def parse(source: Source) -> tuple[tree.File, list[Diagnostic]]:
    """Return what could be read of a file, and what is wrong with the rest. Never raises."""
    actions, leads, state, *_ = tables()
    states, values = [state], list[Any]()
    for token in scan(source):
        while True:
            action = actions[states[-1]].get(token.terminal)
            if action is None:
                span = Span(source, token.start, token.end)
                error = UnexpectedToken(span, found=source.text[token.start : token.end])
                return tree.File(source, ()), [error]
            if isinstance(action, int):
                states.append(action)
                values.append(token.value)
                break
            size, make, rule = action
            parts = values[len(values) - size :]
            del states[len(states) - size :], values[len(values) - size :]
            values.append(make(parts))
            if token.terminal == END and rule == "start":
                return tree.File(source, values[-1]), []
            states.append(leads[states[-1]][rule])
    raise AssertionError("the last token ends the file")
