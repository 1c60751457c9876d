"""Mistakes as people make them: changes of one statement that make it wrong."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flumec.compiler.parse import _read, parse
from flumec.compiler.parse_tokens import Token, scan
from flumec.compiler.source import Source

SIGNS = {"LBRACE", "RBRACE", "LSQB", "RSQB", "LPAR", "RPAR", "EQUAL", "COLON", "_COMMA", "_INTO"}


@dataclass(frozen=True)
class Mutation:
    """What is replaced by what, and the lines that belong to the statement that becomes wrong."""

    kind: str
    start: int
    end: int
    text: str
    first: int
    last: int


def statements(source: Source) -> list[tuple[int, int, list[Token]]]:
    """Return (first line, last line, tokens) of each statement; a block's lines are its head's."""
    found: list[tuple[int, int, list[Token]]] = []
    stack: list[int] = []
    current: list[Token] = []
    depth = 0
    for token in scan(source):
        if token.terminal == "NL" and not depth and current:
            line = source.position(current[0].start)[0], source.position(current[-1].end)[0]
            if current[0].terminal == "RBRACE":
                head = stack.pop()
                first, _, tokens = found[head]
                found[head] = first, line[1], [*tokens, *current]
            else:
                found.append((*line, current))
                if current[-1].terminal == "LBRACE":
                    stack.append(len(found) - 1)
            current = []
        elif token.terminal not in ("NL", "$END"):
            depth += (token.terminal in ("LPAR", "LSQB")) - (token.terminal in ("RPAR", "RSQB"))
            current.append(token)
    return found


def delete(token: Token, text: str) -> Iterator[str]:
    """Leave out a word or sign."""
    if token.terminal != "_INTO" or "\n" not in text:
        yield ""


def colon(token: Token, _: str) -> Iterator[str]:
    """Write a colon for an equals sign."""
    if token.terminal == "EQUAL":
        yield ":"


def equals(token: Token, _: str) -> Iterator[str]:
    """Write an equals sign for a colon."""
    if token.terminal == "COLON":
        yield "="


def quote(token: Token, text: str) -> Iterator[str]:
    """Forget a closing quote."""
    if token.terminal in ("STRING", "RAW"):
        yield text[:-1]


def single_quotes(token: Token, text: str) -> Iterator[str]:
    """Write single quotes."""
    if token.terminal == "STRING":
        yield "'" + text[1:-1] + "'"


def arrow(token: Token, text: str) -> Iterator[str]:
    """Misspell an arrow."""
    if token.terminal in ("_INTO", "_ACROSS"):
        right, wrong = ("->", "=>") if token.terminal == "_INTO" else ("=>", "->")
        for other in (wrong, "-", "- >", "-->", ">", "→"):
            yield text.replace(right, other)


def keyword(token: Token, _: str) -> Iterator[str]:
    """Use a keyword as a name."""
    if token.terminal == "NAME":
        yield "source"
        yield "template"


def bracket(token: Token, text: str) -> Iterator[str]:
    """Write another bracket, or the same twice."""
    if token.terminal in ("LPAR", "RPAR", "LSQB", "RSQB"):
        yield {"(": "[", ")": "]", "[": "(", "]": ")"}[text]
        yield text * 2


def semicolon(token: Token, text: str) -> Iterator[str]:
    """End a statement by a semicolon."""
    if token.terminal in ("STRING", "QUANTITY", "NUMBER"):
        yield text + ";"


def stranger(token: Token, text: str) -> Iterator[str]:
    """Write a sign that the language does not have."""
    if token.terminal in ("NAME", "QUANTITY"):
        yield "@" + text
        yield text + " !"


def calculate(token: Token, text: str) -> Iterator[str]:
    """Multiply."""
    if token.terminal == "QUANTITY":
        yield text + " * 2"


KINDS: tuple[Callable[[Token, str], Iterator[str]], ...] = (
    delete,
    colon,
    equals,
    quote,
    single_quotes,
    arrow,
    keyword,
    bracket,
    semicolon,
    stranger,
    calculate,
)


def mutations(source: Source) -> Iterator[list[Mutation]]:
    """Yield for each statement the changes that may make it, and no other, wrong."""
    for first, last, tokens in statements(source):
        wrong: list[Mutation] = []
        for token in tokens:
            text = source.text[token.start : token.end]
            for kind in KINDS:
                for other in kind(token, text):
                    end = token.end + (not other and source.text[token.end :][:1] == " ")
                    wrong.append(Mutation(kind.__name__, token.start, end, other, first, last))
        yield wrong


def mutate(source: Source, changes: list[Mutation]) -> str:
    """Return the text after all changes; none of them changes the number of lines."""
    text = source.text
    for change in sorted(changes, key=lambda change: -change.start):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def several(source: Source, ways: list[list[Mutation]], k: int, seed: int) -> list[Mutation]:
    """Return `k` changes of `k` statements, each of which is wrong by itself."""
    chance = random.Random(seed)
    chosen: list[Mutation] = []
    for changes in chance.sample(ways, len(ways)):
        change = chance.choice(changes)
        if len(chosen) < k and _is_wrong(Source(source.path, mutate(source, [change]))):
            chosen.append(change)
    return chosen


def _is_wrong(source: Source) -> bool:
    """Return whether a text has a mistake; most are known by the first, before any recovery."""
    return _read(source) is None or bool(parse(source)[1])
