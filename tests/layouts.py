"""Right files of any shape, and files laid out in any way that means the same."""

import re

from flumec.compiler.parse_tokens import Token, scan
from flumec.compiler.source import Source
from hypothesis import strategies as st

COMMENT = re.compile(r"#c\d+")
"""What `layouts` writes as comments: no example has the like."""

SPACES = st.sampled_from(["", " ", "  ", "\t"])
GLUED = {"DOT", "LPAR", "LSQB"}
"""What may stand close to the word before it."""


@st.composite
def layouts(draw: st.DrawFn, text: str, *, comments: bool = True) -> str:
    """Return a text with other spaces, line ends and, if wanted, comments where they may stand."""
    out: list[str] = []
    last: Token | None = None
    count = 0

    def lines(least: int) -> str:
        nonlocal count
        made = ""
        for _ in range(draw(st.integers(least, 2 if comments else least))):
            with_comment = comments and draw(st.booleans())
            count += with_comment
            made += (
                draw(SPACES) + f"#c{count}" * with_comment + draw(st.sampled_from(["\n", "\r\n"]))
            )
        return made + draw(SPACES)

    for token in scan(Source("main.flow", text)):
        written = text[token.start : token.end]
        if token.terminal == "$END":
            break
        if token.terminal == "NL":
            out.append(_line_end(draw, lines, written, comments=comments))
        elif token.terminal in ("_INTO", "_ACROSS"):
            out.append(lines(0) + written.strip()[-2:] + draw(SPACES))
        elif token.terminal == "_COMMA":
            out.append(draw(SPACES) + "," + lines(0))
        else:
            loose = last is None or last.terminal in {"NL", "_INTO", "_ACROSS", "_COMMA"}
            needed = not loose and out[-1][-1:].isalnum() and token.terminal not in GLUED
            out.append((draw(SPACES) or " " * needed) + written)
            if token.terminal in ("LPAR", "LSQB") and last and last.terminal != "NAME":
                out.append(lines(0))
        last = token
    return "".join(out)


def _line_end(draw: st.DrawFn, lines: "st.Any", written: str, *, comments: bool) -> str:
    """Return a line's end that keeps the comments of the one written, and its empty line."""
    if not comments or "#" in written:
        return written
    return lines(1)


NAMES = st.sampled_from(["a", "b1", "long_name_of_a_thing", "header", "x_y_z"])
REFS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
SIMPLE = st.one_of(
    st.sampled_from(["1", "-3.5", "4GiB", "1h30m", "90%", "200KB/s", "true", "false", 'r"\\d+"']),
    st.text(
        st.characters(codec="utf-8", exclude_characters='"\\\r\n', categories=["L", "N", "P", "Zs"])
    ).map(lambda text: f'"{text}"'),
    REFS,
)


def _calls(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.one_of(values, st.tuples(REFS, values).map(" = ".join))
    return st.tuples(REFS, st.lists(arguments, max_size=4)).map(
        lambda parts: f"{parts[0]}({', '.join(parts[1])})"
    )


VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6).map(lambda parts: f"[{', '.join(parts)}]"), _calls(inner)
    ),
    max_leaves=12,
)
CALLS = _calls(SIMPLE)
TARGETS = st.lists(st.one_of(REFS, REFS.map("{}?".format), CALLS), min_size=1, max_size=3).map(
    ", ".join
)
STEPS = st.lists(CALLS, max_size=3)


def _blocks(statements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(statements, max_size=4).map(
        lambda lines: "{\n" + "".join(f"{x}\n" for x in lines) + "}"
    )


ARMS = st.tuples(
    st.one_of(
        st.just("else"),
        st.lists(st.sampled_from(['"a"', '"b c"']), min_size=1, max_size=3).map(", ".join),
    ),
    STEPS,
    TARGETS,
).map(lambda parts: " -> ".join([parts[0], *parts[1], parts[2]]))
ENDS = st.one_of(
    TARGETS, st.tuples(REFS, _blocks(ARMS)).map(lambda parts: f"route {parts[0]} {parts[1]}")
)
CHAINS = st.tuples(REFS, STEPS, ENDS).map(
    lambda parts: " -> ".join([parts[0], *parts[1], parts[2]])
)
ATTRS = st.tuples(REFS, VALUES).map(" = ".join)
FORMALS = st.tuples(NAMES, REFS).map(" : ".join)
NESTED = st.recursive(
    st.one_of(ATTRS, CALLS, CHAINS, _blocks(FORMALS).map("vars {}".format)),
    lambda inner: st.one_of(
        st.tuples(NAMES, _blocks(inner)).map(" ".join),
        st.tuples(st.sampled_from(["source", "channel", "sink"]), NAMES, REFS, _blocks(inner)).map(
            lambda parts: "{} {} : {} {}".format(*parts)
        ),
    ),
    max_leaves=8,
)
STATEMENTS = st.deferred(lambda: NESTED)
BLOCKS = _blocks(STATEMENTS)
ITEMS = st.one_of(
    st.tuples(NAMES, VALUES).map(lambda parts: "let {} = {}".format(*parts)),
    st.tuples(NAMES, REFS).map(lambda parts: "param {} : {}".format(*parts)),
    st.tuples(NAMES, VALUES, BLOCKS).map(lambda parts: "hosts {} = {} {}".format(*parts)),
    st.tuples(NAMES, VALUES, BLOCKS).map(lambda parts: "agent {} on {} {}".format(*parts)),
    st.tuples(NAMES, st.lists(FORMALS, max_size=3), BLOCKS).map(
        lambda parts: f"template {parts[0]}({', '.join(parts[1])}) {parts[2]}"
    ),
    st.tuples(REFS, st.lists(REFS, min_size=1, max_size=4), BLOCKS).map(
        lambda parts: f"{parts[0]} => {', '.join(parts[1])} via arrow {parts[2]}"
    ),
    BLOCKS.map('check "it holds" {}'.format),
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Return a right file: any tree, laid out anyhow."""
    return "".join(f"{item}\n" for item in draw(st.lists(ITEMS, max_size=4)))
