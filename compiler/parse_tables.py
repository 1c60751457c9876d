"""The parser's tables, and the pattern of the terminals, as they are stored beside the grammar.

They are used only if they are of this very grammar; else lark reads it anew.
"""

import json
import re
import zlib
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from flumec.compiler.parse_nodes import Nodes, Parts
from flumec.grammar import stored, syntax

END = "$END"
START = 0


class Reduce(NamedTuple):
    """A rule is complete: its `size` parts become one value by `make`, which is a `rule`."""

    size: int
    make: Callable[[Parts], Any]
    rule: str


class Tables(NamedTuple):
    """For each state, the first being START, what a terminal does (the next state, or a Reduce),
    and where a rule leads.
    """

    actions: list[dict[str, int | Reduce]]
    leads: list[dict[str, int]]
    pattern: re.Pattern[str]
    words: dict[str, str]
    """The terminals of words that are reserved."""


@cache
def tables() -> Tables:
    """Return the grammar's tables, once in a process."""
    header, _, text = stored().partition(b"\n")
    made = json.loads(text) if header == origin() else _made()
    rules = [_reduce(*rule) for rule in made["rules"]]
    actions = [
        {terminal: to if to >= 0 else rules[-1 - to] for terminal, to in moves.items()}
        for moves in made["actions"]
    ]
    return Tables(actions, made["leads"], re.compile(made["pattern"]), made["words"])


def origin() -> bytes:
    """Name the grammar that tables are made of."""
    text = syntax().encode()
    return f"{len(text)} {zlib.crc32(text):08x}".encode()


def to_store() -> bytes:
    """Return what is to stand beside the grammar, so that it need not be made again."""
    return origin() + b"\n" + json.dumps(_made(), separators=(",", ":")).encode() + b"\n"


def _made() -> dict[str, Any]:
    from flumec.compiler.parse_grammar import read_grammar

    return read_grammar(syntax())


def _reduce(rule: str, node: str, size: int, parts: list[tuple[int, bool]]) -> Reduce:
    """Make the action of a rule as `read_grammar` describes it."""
    if not node and not rule.startswith("_"):
        return Reduce(size, itemgetter(parts[0][0]), rule)
    make = getattr(Nodes(), node) if node else _itself
    if len(parts) == size and not any(listed for _, listed in parts):
        return Reduce(size, make, rule)

    def gather(values: Parts) -> Any:
        gathered: Parts = []
        for index, listed in parts:
            if not listed:
                gathered.append(values[index])
            elif gathered:
                gathered += values[index]
            else:
                gathered = values[index]  # taken over: a list that grows is not copied each time
        return make(gathered)

    return Reduce(size, gather, rule)


def _itself(parts: Parts) -> Parts:
    return parts
