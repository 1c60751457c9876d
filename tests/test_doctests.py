"""Every example in a docstring runs."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = [
    ".".join(("flumec", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for top in ("compiler", "runtime")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path.name != "__main__.py" and b">>>" in path.read_bytes()
]


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))

    assert outcome.attempted
    assert outcome.failed == 0
