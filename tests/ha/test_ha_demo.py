"""The pair through faults on one machine, and that its verdict is honest."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "ha_pair" / "demo.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo")]

Rows = list[dict[str, Any]]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, loopback: None) -> Path:
    """A run with faults of each kind, kept."""
    work = tmp_path_factory.mktemp("pair")
    ran = demo("--seconds", "30", "--faults", "10", "--seed", "4", "--keep", str(work))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "lost 0, duplicated 0" in ran.stdout
    assert "refused connections 0" in ran.stdout, ran.stdout
    for fault in ("kill", "freeze", "cut", "upgrade"):
        assert f": {fault} " in ran.stdout
    return work


def test_what_was_kept_is_judged_good_again(kept: Path) -> None:
    judged = demo("--judge", str(kept))

    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize(
    ("tamper", "verdict", "shown"),
    [
        (lambda rows: rows[:5] + rows[6:], "lost 1, duplicated 0", "it is nowhere"),
        (lambda rows: rows[:6] + rows[5:], "lost 0, duplicated 1", "doubled: "),
        (lambda rows: [*rows, stranger()], "lost 0, duplicated 0, never made 1", "never made: "),
        (
            lambda rows: [{**rows[0], "body": "sell 1 ACME"}, *rows[1:]],
            "lost 1, duplicated 0, never made 1",
            "'sell 1 ACME'",
        ),
    ],
    ids=["one lost", "one doubled", "one invented", "one changed"],
)
def test_a_wrong_event_fails_it(
    kept: Path, tamper: Callable[[Rows], Rows], verdict: str, shown: str
) -> None:
    files = [p for p in (kept / "store").rglob("*") if p.is_file() and ".flumec" not in p.parts]
    path = max(files, key=lambda file: file.stat().st_size)
    good = path.read_text()
    rows = tamper([json.loads(line) for line in good.splitlines()])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    try:
        judged = demo("--judge", str(kept))
    finally:
        path.write_text(good)

    assert judged.returncode == 1
    assert verdict in judged.stdout
    assert shown in judged.stdout


def stranger() -> dict[str, Any]:
    return {"headers": {"client": "eve", "seq": "1"}, "body": "sell all"}
