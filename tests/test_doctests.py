"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import flumec.compiler
import flumec.runtime
import pytest

NAMES = [
    module.name
    for package in (flumec.compiler, flumec.runtime)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))

    assert outcome.failed == 0
