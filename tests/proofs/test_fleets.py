"""Small fleets, each with what is to be claimed of it: a case is a file."""

import re
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims

FLEETS = sorted((Path(__file__).parent / "fleets").glob("*.flow"))

_CLAIM = re.compile(r"^# claim: (\S+) -> (\S+): (.+)$", re.MULTILINE)
_REFUSED = re.compile(r"^# refused: (\S+)$", re.MULTILINE)
_ASSUMED = re.compile(r"^# assumed: (\S+) -> (\S+): (.+)$", re.MULTILINE)


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.stem)
def test_what_is_claimed(path: Path) -> None:
    text = path.read_text()
    linted = lint_text(text)
    errors = [each.code for each in linted.diagnostics if each.severity == "error"]
    assert errors == _REFUSED.findall(text)
    found = {
        (".".join(claim.source), ".".join(claim.sink)): claim
        for claim in claims(Graph(linted.fleet))
    }

    wanted = {(source, sink): word for source, sink, word in _CLAIM.findall(text)}
    assert wanted
    assert {pair: found[pair].delivery.replace("_", " ") for pair in wanted} == wanted
    for source, sink, sentence in _ASSUMED.findall(text):
        assert sentence in found[source, sink].assuming
