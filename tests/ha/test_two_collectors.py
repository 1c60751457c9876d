"""One feed, two collectors, one store, through faults; and that the example's verdict is honest."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "two_collectors" / "demo.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo")]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, loopback: None) -> Path:
    """A run in which each of the three was away, kept."""
    work = tmp_path_factory.mktemp("two")
    ran = demo("--lines", "12000", "--seconds", "10", "--faults", "3", "--seed", "4",
               "--keep", str(work))  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(" is away for ") == 3
    assert "files of 2 collectors" in ran.stdout, "the second took over from the first"
    assert ran.stdout.endswith("lost 0, duplicated 0\n")
    return work


@pytest.mark.parametrize(
    ("tamper", "verdict"),
    [
        (lambda lines: lines, "lost 0, duplicated 0\n"),
        (lambda lines: lines[1:], "lost 1, duplicated 0\n"),
        (lambda lines: [lines[0], *lines], "lost 0, duplicated 1\n"),
        (lambda lines: [*lines, "a stranger\n"], "lost 0, duplicated 0, never written 1\n"),
    ],
    ids=["as it was", "one lost", "one doubled", "one invented"],
)
def test_a_wrong_line_fails_it(
    kept: Path, tamper: Callable[[list[str]], list[str]], verdict: str
) -> None:
    path = next(p for p in (kept / "store").rglob("*.log") if ".flumec" not in p.parts)
    good = path.read_text()
    path.write_text("".join(tamper(good.splitlines(keepends=True))))
    try:
        judged = demo("--judge", str(kept))
    finally:
        path.write_text(good)
    assert judged.stdout.endswith(verdict)
    assert judged.returncode == (verdict != "lost 0, duplicated 0\n")
