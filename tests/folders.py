"""A folder for each test: its own and empty, made and taken away at little cost."""

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def make_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what makes the next folder of this worker."""
    root, numbers = tmp_path_factory.getbasetemp(), itertools.count()

    def make(name: str) -> Path:
        folder = root / f"{re.sub(r'[^0-9A-Za-z_]', '_', name)[:30]}{next(numbers)}"
        folder.mkdir(0o700)
        return folder

    return make


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, make_folder: Callable[[str], Path]) -> Iterator[Path]:
    """Yield a folder that goes with its test, unless that fails.

    In place of pytest's own, which looks through all folders for the next number and leaves a link
    beside each: more than many a test takes.
    """
    folder, failed = make_folder(request.node.name), request.session.testsfailed
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder, ignore_errors=True)
