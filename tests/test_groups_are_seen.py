"""Tests that share hosts, servers or addresses run in one worker: pytest and its plugin agree."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import os
from pathlib import Path
import pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    Path(f"{number}.worker").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


@pytest.mark.slow
def test_a_group_runs_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_group.py").write_text(MODULE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "3", "--dist", "loadgroup"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert len({path.read_text() for path in tmp_path.glob("*.worker")}) == 1
