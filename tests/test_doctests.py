"""Every example in a docstring runs."""

import doctest
import importlib.util
import pkgutil
from pathlib import Path

import flumec.compiler
import flumec.runtime
import pytest


def text_of(name: str) -> str:
    """Return a module's text, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).read_text() if spec and spec.origin else ""


NAMES = [
    module.name
    for package in (flumec.compiler, flumec.runtime)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__") and ">>>" in text_of(module.name)
]


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))

    assert outcome.attempted
    assert outcome.failed == 0
