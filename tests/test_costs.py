"""A fast test that costs much fails and is told what to do; what others share is not its cost."""

import subprocess
import sys
from pathlib import Path

import costs
import pytest

pytestmark = pytest.mark.slow

TESTS = """
import subprocess, sys, time

import costs, pytest
from costs import costs_little

costs.LIMIT = 0.2

BURN = "import time\\nwhile time.process_time() < 0.3: pass"


def burn():
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass


@pytest.fixture(scope="module")
def shared():
    burn()


def test_dear(): burn()
def test_dear_child(): subprocess.run([sys.executable, "-c", BURN], check=True)
@pytest.mark.costs(60, "why")
def test_with_a_reason(): burn()
@pytest.mark.slow
def test_slow(): burn()
def test_with_what_others_share(shared): pass
def test_patient(): time.sleep(0.3)
"""


def test_what_costs_too_much_fails(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n costs\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(Path(costs.__file__).parent)},
    )  # fmt: skip
    refused = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("ERROR ")]

    assert refused == ["test_some.py::test_dear", "test_some.py::test_dear_child"], run.stdout
    assert run.stdout.count("Make it cheap") == 2
