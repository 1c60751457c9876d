"""Whatever is wrong with a fleet's wiring, lint says it, and no pass stumbles over it."""

import re
from itertools import islice
from pathlib import Path

import pytest
import thorough
from flumec.compiler.build import lint_text

ROOT = Path(__file__).parent.parent
FLOWS = sorted(
    path
    for folder in ("examples/*", "tests/flows", "tests/mutated/fleets")
    for path in ROOT.glob(f"{folder}/*.flow")
)
KINDS = ("source", "channel", "sink")
DECLARED = re.compile(r"^(  )(source|channel|sink)\b", re.MULTILINE)


def beside(path: Path) -> dict[str, str]:
    """Return the files that a flow may import or read."""
    files = (each for each in path.parent.iterdir() if each.is_file() and each != path)
    return {each.name: each.read_text() for each in files}


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
@thorough.strides(5)
def test_a_component_that_is_declared_as_another_kind(path: Path, stride: int) -> None:
    text, files = path.read_text(), beside(path)
    others = (
        (found, kind) for found in DECLARED.finditer(text) for kind in KINDS if kind != found[2]
    )
    for found, kind in islice(others, 0, None, stride):
        broken = f"{text[: found.start(2)]}{kind}{text[found.end(2) :]}"
        assert not lint_text(broken, path.name, files).sound


@pytest.mark.slow
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_any_line_that_is_missing(path: Path) -> None:
    lines, files = path.read_text().split("\n"), beside(path)
    for number in range(len(lines)):
        left = "\n".join(lines[:number] + lines[number + 1 :])
        assert lint_text(left, path.name, files).fleet is not None


@pytest.mark.parametrize("left", ['regex_extract(r"a(b)")', "regex_extract(into = [header.b])"])
def test_an_argument_of_a_step_that_is_missing(left: str) -> None:
    text = f"""
hosts web = ["web-1"]

agent a on web {{
  source in : seq
  channel spool : file
  sink out : null

  in -> {left} -> route header.b {{
    "b" -> spool
    else -> drop
  }}
  spool -> out
}}
"""
    codes = {each.code for each in lint_text(text).diagnostics if each.severity == "error"}
    assert codes == {"FL203"}
