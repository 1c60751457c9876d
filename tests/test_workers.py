"""Tests run in forks of one process: all of them once, and what goes wrong with a worker is red."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workers import LEAST, stretches

TESTS = """
import os, signal, subprocess, warnings

import pytest


def note(file, line):
    with open(file, "a") as file:
        file.write(line + "\\n")


@pytest.fixture(scope="session")
def session():
    yield
    note("ended", str(os.getpid()))


@pytest.fixture(autouse=True)
def noted(request, session, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp().name
    note("ran", f"{request.node.name} {os.getpid()} {folder}")


@pytest.mark.parametrize("number", range(60))
def test_passes(number):
    pass


def test_fails():
    print("said in Python")
    subprocess.run(["echo", "said by", "a process"])
    assert [1, 2] == [1, 3]


def test_skips():
    pytest.skip("no reason")


@pytest.mark.xfail(strict=True)
def test_is_known_to_fail():
    assert False


def test_warns():
    warnings.warn("look here")


def test_is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def test_leaves():
    os._exit(0)


def test_leaves_a_process_behind():
    child = os.fork()
    if child == 0:
        signal.pause()
    note("left", str(child))


@pytest.mark.timeout(0.2)
def test_hangs():
    signal.pause()


@pytest.mark.parametrize("number", range(20))
def test_passes_too(number):
    pass
"""

UNUSED = ("cacheprovider", "xdist", "hypothesispytest")


def run(folder: Path, *options: str, tests: str = TESTS) -> tuple[int, str]:
    """Run the tests in two workers, and return the exit code and what was said."""
    (folder / "test_some.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "workers", "--workers", "2", *options]
    command += ["--timeout", "20"]  # what waits for ever would outlive the process that collected
    with (folder / "said").open("w") as said:  # a pipe would be held by what a test leaves behind
        done = subprocess.run(
            [*command, *(word for name in UNUSED for word in ("-p", f"no:{name}"))],
            cwd=folder, stdout=said, stderr=said, check=False, timeout=60,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        )  # fmt: skip
    return done.returncode, (folder / "said").read_text()


@pytest.mark.parametrize("workers", [1, 3])
def test_each_test_is_in_one_stretch(workers: int) -> None:
    for tests in range(200):
        parts = [range(*stretch) for stretch in stretches(tests, workers)]
        assert [index for part in parts for index in part] == list(range(tests))
        assert len(parts) <= max(1, tests / LEAST + 1)


def test_every_test_is_reported_once_whatever_becomes_of_its_worker(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--junitxml", "junit.xml")
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    workers = {(pid, folder) for _name, pid, folder in ran}

    assert code == 1, said
    assert "4 failed, 82 passed, 1 skipped, 1 xfailed, 1 warning" in said
    assert len(ran) == 88
    assert len({name for name, _pid, _folder in ran}) == 88
    assert len(workers) == len({pid for pid, _ in workers}) == len({name for _, name in workers})
    assert len(workers) > 1
    assert set(re.findall(r"FAILED test_some.py::(\w+)", said)) == {
        "test_fails", "test_is_killed", "test_leaves", "test_hangs"
    }  # fmt: skip
    assert "exit code -9, negative" in said
    assert "exit code 0, negative" in said
    assert "Timeout (>0.2s)" in said
    assert "At index 1 diff: 2 != 3" in said
    assert "said in Python\nsaid by a process\n" in said
    assert "UserWarning: look here" in said
    assert (tmp_path / "junit.xml").read_text().count("<testcase ") == 88
    assert (tmp_path / "ended").read_text(), "what the session's fixtures made is taken away"


@pytest.mark.slow
def test_the_first_failure_ends_all_where_that_is_asked_for(tmp_path: Path) -> None:
    tests = "import time\ndef test_0(): assert 0\n" + "".join(
        f"def test_{n}(): time.sleep(0.05)\n" for n in range(1, 400)
    )
    code, said = run(tmp_path, "-x", tests=tests)
    assert code == 1
    assert "stopping after 1 failures" in said
    assert int((re.search(r"(\d+) passed", said) or [0, "0"])[1]) < 50


@pytest.mark.slow
def test_what_cannot_be_collected_or_forked_is_said(tmp_path: Path) -> None:
    code, said = run(tmp_path, tests="import nothing_of_this_name\n")
    assert code == 2
    assert "No module named 'nothing_of_this_name'" in said

    begun = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    code, said = run(tmp_path, tests=f"{begun}\ndef test_it(): pass\n")
    assert code == 4
    assert "a fork has no other thread: end those that collecting began" in said


@pytest.mark.slow
def test_no_worker_takes_what_another_one_could(tmp_path: Path) -> None:
    """No test ends before two workers have begun one."""
    tests = """
import os, time, pytest
from pathlib import Path

@pytest.mark.parametrize("number", range(40))
def test_it(number):
    Path(f"{os.getpid()}.worker").touch()
    while len(list(Path().glob("*.worker"))) < 2:
        time.sleep(0.01)
"""
    code, said = run(tmp_path, tests=tests)
    assert code == 0, said
