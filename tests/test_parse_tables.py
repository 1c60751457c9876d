"""The tables beside the grammar are its own; without them the grammar itself is read."""

from pathlib import Path
from typing import Any

import flumec.grammar
import pytest
from flumec.compiler import parse_tables
from flumec.compiler.parse_tables import Reduce, Tables, origin, tables, to_store

STORED = Path(str(flumec.grammar.__file__)).parent / "flow.tables"


def shape(made: Tables) -> list[Any]:
    """Say what tables do from the start on, whatever numbers their states have."""
    numbers, found = {made.start: 0}, []
    for state in (order := [made.start]):
        moves: list[Any] = []
        for word, action in sorted(made.actions[state].items()):
            if isinstance(action, Reduce):
                moves.append((word, action.size, action.rule))
                continue
            if action not in numbers:
                numbers[action] = len(numbers)
                order.append(action)
            moves.append((word, numbers[action]))
        for rule, to in sorted(made.leads[state].items()):
            if to not in numbers:
                numbers[to] = len(numbers)
                order.append(to)
            moves.append((rule, numbers[to]))
        found.append(moves)
    return [found, made.pattern.pattern, made.words]


def test_what_is_stored_is_of_this_grammar(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update") and not STORED.read_bytes().startswith(origin()):
        STORED.write_bytes(to_store())
    grammar, _, lark = origin().decode().partition(" ")
    there, _, by = STORED.read_bytes().partition(b"\n")[0].decode().partition(" ")
    assert there == grammar, "the grammar has changed: pytest --update tests/test_parse_tables.py"
    if by != lark:
        pytest.skip(f"stored by {by}; this is {lark}, which reads the grammar itself")


@pytest.mark.parametrize("there", [b"", b"0 lark 0\n"])
def test_what_is_stored_does_what_the_grammar_says(
    there: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_tables, "stored", lambda: there)
    fresh = tables.__wrapped__()
    made = to_store()
    monkeypatch.setattr(parse_tables, "stored", lambda: made)
    monkeypatch.setattr(parse_tables, "_make", None)
    assert shape(tables.__wrapped__()) == shape(fresh)
