"""The tables beside the grammar are its own; without them the grammar itself is read."""

import sys
from pathlib import Path

import flumec.grammar
import pytest
from flumec.compiler import parse_tables
from flumec.compiler.parse_tables import origin, tables, to_store

STORED = Path(str(flumec.grammar.__file__)).parent / "flow.tables"


def test_what_is_stored_is_what_lark_makes_of_this_grammar(request: pytest.FixtureRequest) -> None:
    made = to_store()
    if request.config.getoption("--update"):
        STORED.write_bytes(made)
    assert STORED.read_bytes() == made, (
        "the grammar has changed: pytest --update tests/test_parse_tables.py"
    )


@pytest.mark.parametrize("there", [b"", b"0 00000000\n"])
def test_what_is_of_another_grammar_is_not_used(
    there: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_tables, "stored", lambda: there)
    fresh = tables.__wrapped__()
    assert fresh.leads == tables().leads
    assert fresh.pattern == tables().pattern


def test_what_is_stored_needs_no_lark(monkeypatch: pytest.MonkeyPatch) -> None:
    assert STORED.read_bytes().partition(b"\n")[0] == origin()
    monkeypatch.setitem(sys.modules, "flumec.compiler.parse_grammar", None)
    assert tables.__wrapped__().leads == tables().leads
