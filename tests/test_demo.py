"""The demo's verdict is honest: it sees a lost line and a doubled one."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "weblogs" / "demo.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo")]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEMO), *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, loopback: None) -> Path:
    """A small run with two kills, kept."""
    work = tmp_path_factory.mktemp("demo")
    ran = demo("--lines", "8000", "--seconds", "6", "--keep", str(work))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "lost 0, duplicated 0" in ran.stdout
    assert ran.stdout.count("SIGKILL") == 2
    return work


def output_file(work: Path) -> Path:
    files = [p for p in (work / "store").rglob("*") if p.is_file() and ".flumec" not in p.parts]
    return max(files, key=lambda path: path.stat().st_size)


@pytest.mark.parametrize(
    ("tamper", "verdict"),
    [
        (lambda lines: lines[:5] + lines[6:], "lost 1, duplicated 0"),
        (lambda lines: lines[:6] + lines[5:], "lost 0, duplicated 1"),
        (lambda lines: [*lines, b"a stranger\n"], "lost 0, duplicated 0, never written 1"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "lost 0, duplicated 0, out of order 2"),
    ],
    ids=["one lost", "one doubled", "one invented", "two swapped"],
)
def test_a_wrong_line_fails_it(
    kept: Path, tamper: Callable[[list[bytes]], list[bytes]], verdict: str
) -> None:
    path = output_file(kept)
    good = path.read_bytes()
    path.write_bytes(b"".join(tamper(good.splitlines(keepends=True))))
    try:
        judged = demo("--judge", str(kept))
    finally:
        path.write_bytes(good)

    assert judged.returncode == 1
    assert verdict in judged.stdout


def test_what_was_kept_is_judged_good_again(kept: Path) -> None:
    judged = demo("--judge", str(kept))

    assert judged.returncode == 0, judged.stdout


def test_a_port_that_is_taken_is_said(loopback: None) -> None:
    with socket.create_server(("127.71.0.3", 4141)):
        ran = demo()

    assert ran.returncode == 2
    assert "the port is taken by" in ran.stdout.replace("\n", " ")
    assert not ran.stderr
