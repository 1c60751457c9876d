"""What lark makes of `flow.lark`: the parser's tables, and the pattern of the terminals.

Lark's work takes three times as long as all else that `flumec lint` does with a small file, so what
it made is stored beside the grammar. It is used only if it is of this very grammar by this very
lark.
"""

import hashlib
import io
import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, NamedTuple

import lark
from flumec.compiler.parse_nodes import Nodes
from flumec.grammar import stored, syntax
from lark import Lark
from lark.lexer import Lexer, PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift

END = "$END"


class Reduce(NamedTuple):
    """A rule is complete: its `size` parts become one value by `make`, which is a `rule`."""

    size: int
    make: Callable[[list[Any]], Any]
    rule: str


Actions = dict[str, "int | Reduce"]


class Tables(NamedTuple):
    """For each state what a terminal does (the next state, or a Reduce), and where a rule leads."""

    actions: list[Actions]
    leads: list[dict[str, int]]
    start: int
    pattern: re.Pattern[str]
    words: dict[str, str]


class _NoLexer(Lexer):
    """Keeps lark from making a lexer, which `parse_tokens` replaces."""

    def __init__(self, conf: Any) -> None:
        self.conf = conf

    def lex(self, *_: Any) -> Any:
        """Yield nothing; only lark's tables are used."""
        return iter(())


@cache
def tables() -> Tables:
    """Return the grammar's tables, once in a process."""
    header, _, made = stored().partition(b"\n")
    grammar = _restore(made) if header == origin() else _make()
    conf = grammar.parse_interactive("").parser_state.parse_conf
    number = {state: index for index, state in enumerate(conf.states)}
    actions: list[Actions] = []
    leads: list[dict[str, int]] = []
    for moves in conf.states.values():
        actions.append({})
        leads.append({})
        for symbol, (action, argument) in moves.items():
            if action is Shift:
                to = leads[-1] if not symbol.isupper() else actions[-1]
                to[symbol] = number[argument]
            else:
                make = conf.callbacks[argument]
                actions[-1][symbol] = Reduce(len(argument.expansion), make, argument.origin.name)
    words = {t.pattern.value: t.name for t in grammar.terminals if _is_word(t)}
    return Tables(actions, leads, number[conf.start_state], _pattern(grammar.terminals), words)


def origin() -> bytes:
    """Name the grammar and the lark that tables are made of."""
    return f"{hashlib.sha256(syntax().encode()).hexdigest()} lark {lark.__version__}".encode()


def to_store() -> bytes:
    """Return what is to stand beside the grammar, so that it need not be made again."""
    made = io.BytesIO()
    _make().save(made)
    return origin() + b"\n" + made.getvalue()


def _make() -> Lark:
    """Read the grammar. A conflict in it is an error (`strict`)."""
    return Lark(syntax(), parser="lalr", lexer=_NoLexer, strict=True, transformer=Nodes())


def _restore(made: bytes) -> Lark:
    """Read back what `save` wrote; lark's `load` does the same, but takes no transformer."""
    grammar: Lark = Lark.__new__(Lark)._load(io.BytesIO(made), transformer=Nodes())  # noqa: SLF001
    return grammar


def _is_word(terminal: TerminalDef) -> bool:
    return isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isidentifier()


def _pattern(terminals: Collection[TerminalDef]) -> re.Pattern[str]:
    """Join the terminals, the more important first. Words are names until looked up."""
    rest = [t for t in terminals if not _is_word(t) and not t.name.startswith("__IGNORE")]
    rest.sort(key=lambda t: (-t.priority, -t.pattern.max_width, t.name))
    return re.compile(
        "[ \t]*+(?:" + "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in rest) + ")"
    )
