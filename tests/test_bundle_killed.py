"""An installer that is killed before any of its steps leaves whole files; the next one ends it."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import thorough
from flumec.compiler.archive import archives
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.emit.installer import installer
from killing import killed_at
from trees import tree

FLOW = """
hosts web = ["web-1"]

agent {name} on web {{
  source numbers : seq

  channel few : file

  sink none : null

  numbers -> few
  few -> none
}}

agent stays on web {{
  source numbers : seq

  channel few : file {{
    size = {size}
  }}

  sink none : null

  numbers -> few
  few -> none
}}
"""
STEPS = [
    (os, name)
    for name in (
        "open", "mkdir", "rename", "fchmod", "chmod", "unlink", "rmdir", "fsync", "symlink", "sync",
    )
]  # fmt: skip


def built(dist: Path, name: str, size: str) -> Path:
    compiled = compile_text(FLOW.format(name=name, size=size))
    assert compiled.plan is not None, compiled.diagnostics
    files = emit(compiled.plan)
    write_bundle(files, dist, list(archives(files)))
    return dist / "web-1"


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    """The installer, which asks the same Python once for all of its runs."""
    namespace: dict[str, Any] = {"__name__": "installer"}
    exec(compile(installer(), "install", "exec"), namespace)
    python = namespace["asked"](Path(sys.executable))
    namespace["find_python"] = lambda *_: python
    namespace["call"] = lambda *_: (0, "")
    return namespace


def run(program: dict[str, Any], folder: Path, root: Path, verb: str = "--apply") -> int:
    status: int = program["main"]([verb, "--root", str(root), "--format", "json"], folder)
    return status


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("then", ["--apply", "--rollback"])
def test_killed_at_any_step_it_is_whole_after_the_next_try(
    program: dict[str, Any], tmp_path: Path, then: str
) -> None:
    old, new = built(tmp_path / "old", "goes", "1GiB"), built(tmp_path / "new", "comes", "2GiB")
    before, after = tmp_path / "before", tmp_path / "after"
    assert run(program, old, before) == 0
    shutil.copytree(before, after, symlinks=True)
    assert run(program, new, after) == 0
    known = {**tree(before), **tree(after)}
    whole = (tree(before), tree(after))
    switched = set()
    for step in range(thorough.phase(then), 1000, thorough.step()):
        root = tmp_path / "root"
        shutil.copytree(before, root, symlinks=True)
        killed = killed_at(step, lambda root=root: run(program, new, root), STEPS)  # type: ignore[misc]
        for name, content in tree(root).items():
            where = Path(name).parts
            if not any(part.startswith(".flumec-") for part in where) and "applying" not in where:
                assert content in (whole[0].get(name), whole[1].get(name), known.get(name)), name
        is_new = (root / "opt/flumec/current").readlink() == whole[1]["opt/flumec/current"]
        switched.add(is_new)
        if then == "--apply":
            assert run(program, new, root) == 0
            assert tree(root) == whole[1]
        elif is_new or (root / "opt/flumec/applying").is_symlink():
            assert run(program, new, root, then) == 0
            here = {n: c for n, c in tree(root).items() if not n.startswith("opt/")}
            assert here == {n: c for n, c in whole[0].items() if not n.startswith("opt/")}
        shutil.rmtree(root)
        if not killed:
            break
    assert step > 40
    assert switched == {False, True}


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_the_old_bundle(
    program: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = built(tmp_path / "old", "goes", "1GiB"), built(tmp_path / "new", "comes", "2GiB")
    root = tmp_path / "root"
    assert run(program, old, root) == 0
    before = tree(root)
    real = os.fsync
    for step in range(0, 200, thorough.step()):
        left = [step]

        def full(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        status = run(program, new, root)
        monkeypatch.setattr(os, "fsync", real)
        if status == 0:
            break
        assert status == 2
        if (root / "opt/flumec/current").readlink() == before["opt/flumec/current"]:
            run(program, old, root)
            here = {n: c for n, c in tree(root).items() if n.startswith("etc/")}
            assert here == {n: c for n, c in before.items() if n.startswith("etc/")}
    assert step > 5
