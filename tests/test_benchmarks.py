"""The benchmarks run, in small: what measures only now and then must not rot meanwhile."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"
SMALL = {
    "chain.py": ["--mib", "16", "--runs", "1"],
    "dedup.py": ["--keys", "400000"],
    "failover.py": ["--runs", "1"],
    "fleets.py": ["--hosts", "500", "--runs", "1"],
    "hdfs_sink.py": ["--frames", "2"],
    "latency.py": ["--seconds", "3"],
    "link.py": ["--rounds", "1"],
    "machine.py": [],
    "sources.py": ["--seconds", "0.2"],
    "spill.py": ["--events", "20000"],
    "start.py": ["0.01"],
}
"""`make bench`, each with what makes it short."""

pytestmark = pytest.mark.slow


def test_all_that_make_bench_runs_are_here() -> None:
    makefile = (BENCH.parent / "Makefile").read_text()
    assert set(re.findall(r"bench/(\w+\.py)", makefile)) == set(SMALL)


@pytest.mark.parametrize("script", SMALL)
def test_a_benchmark_runs(script: str) -> None:
    command = [sys.executable, str(BENCH / script), *SMALL[script]]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\n") > 1, ended.stdout
