"""Each host's folder installs alone: offline, again and again, under a root of its own."""

import ast
import base64
import hashlib
import json
import os
import platform
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import thorough
from flumec.compiler.archive import archives
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.emit.installer import installer
from flumec.runtime.draining import MARK
from trees import tree

FLOW = """
hosts web = ["web-1"]

agent tailer on web {
  source access : taildir {
    files = ["/var/log/access.log"]
  }

  channel spool : file

  sink out : file_roll {
    directory = "/srv/out"
  }

  access -> spool
  spool -> out
}
"""

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PLACES = [
    "etc/systemd/system/flumec-tailer.service",
    "etc/systemd/system/flumec.target",
    "etc/systemd/system/flumec.target.wants/flumec-tailer.service",
    "etc/systemd/system/multi-user.target.wants/flumec.target",
    "etc/sysusers.d/flumec.conf",
    "etc/tmpfiles.d/flumec.conf",
]


def built(text: str, dist: Path) -> Path:
    """Build a flow and return the folder of its host."""
    compiled = compile_text(text)
    assert compiled.plan is not None, compiled.diagnostics
    files = emit(compiled.plan)
    write_bundle(files, dist, list(archives(files)))
    return dist / "web-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A host's folder, unpacked from its tar, away from the bundle that it came in."""
    dist = built(FLOW, tmp_path / "dist").parent
    away = tmp_path / "a host's folder"
    away.mkdir()
    subprocess.run(["tar", "-xf", dist / "web-1.tar", "-C", away], check=True)
    return away / "web-1"


def install(
    folder: Path, *arguments: str | Path, umask: int = -1
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", folder / "install", *arguments],
        capture_output=True, text=True, check=False, cwd="/", env={"PATH": os.environ["PATH"]},
        umask=umask,
    )  # fmt: skip


def test_it_installs_everything_under_a_root(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    done = install(folder, "--apply", "--root", root)
    assert (done.returncode, done.stderr) == (0, "")
    there = tree(root)
    assert [name for name in there if name.startswith("etc/")] == PLACES
    current = root / "opt/flumec/current"
    assert (current.parent / current.readlink() / "manifest.json").is_file()
    assert (current / "agents/tailer.py").stat().st_mode & 0o777 == 0o755
    unit = (folder / "systemd/flumec-tailer.service").read_bytes()
    assert (root / PLACES[0]).read_bytes() == unit
    assert (root / PLACES[2]).readlink() == Path("/", PLACES[0])
    assert done.stdout.splitlines()[-1].startswith("web-1: bundle ")


@pytest.mark.slow
def test_a_second_time_changes_nothing(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    install(folder, "--apply", "--root", root)
    before = {path: path.lstat().st_ino for path in root.rglob("*")}
    done = install(folder, "--apply", "--root", root)
    assert len(done.stdout.splitlines()) == 1
    assert {path: path.lstat().st_ino for path in root.rglob("*")} == before


@pytest.mark.slow
def test_agents_may_read_all_of_it_whatever_the_umask_of_root(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["install"] |= {
        "python": VERSION, "arch": platform.machine(),
        "runtime": runtime(folder / "flumec-runtime-few"),
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    root = tmp_path / "image"
    done = install(folder, "--apply", "--root", root, umask=0o077)
    assert (done.returncode, done.stderr) == (0, "")
    lock = root / "opt/flumec/lock"
    assert lock.stat().st_mode & 0o777 == 0o600, "who can open it can hold it for ever"
    made = [path for path in root.rglob("*") if not path.is_symlink() and path != lock]
    assert any(path.suffix == ".pyc" for path in made)
    assert any(path.name == "pyvenv.cfg" for path in made)
    closed = [path for path in made if path.stat().st_mode & 0o044 != 0o044]
    assert closed == []


def runtime(folder: Path) -> dict[str, object]:
    """Make a runtime of one small wheel; return what a manifest says of it."""
    (folder / "wheels").mkdir(parents=True)
    wheel = folder / "wheels" / "few-1-py3-none-any.whl"
    code = b"few = 3\n"
    digest = base64.urlsafe_b64encode(hashlib.sha256(code).digest()).rstrip(b"=").decode()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("few/__init__.py", code)
        archive.writestr("few-1.dist-info/RECORD", f"few/__init__.py,sha256={digest},{len(code)}\n")
    said = json.dumps({
        "python": VERSION,
        "wheels": {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest()},
    })  # fmt: skip
    (folder / "runtime.json").write_text(said)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return {"name": f"{folder.name}.tar", "digest": digest, "glibc": "2.17", "bytes": 1000}


@pytest.mark.slow
def test_what_is_installed_installs_itself(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    install(folder, "--apply", "--root", root)
    before = tree(root)
    done = install(root / "opt/flumec/current", "--apply", "--root", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(root) == before


@pytest.mark.slow
def test_a_new_bundle_takes_the_place_of_the_old_and_back(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    install(folder, "--apply", "--root", root)
    old = tree(root)
    new = built(FLOW.replace("tailer", "reader"), tmp_path / "new")
    done = install(new, "--apply", "--root", root)
    assert done.returncode == 0, done.stderr
    here = [name for name in tree(root) if name.startswith("etc/systemd")]
    assert here == [place.replace("tailer", "reader") for place in PLACES[:4]]
    back = install(new, "--rollback", "--root", root)
    assert back.returncode == 0, back.stderr
    now = tree(root)
    assert {name: now[name] for name in old} == old
    assert [name for name in now if name.startswith("etc/")] == PLACES
    forth = install(new, "--rollback", "--root", root)
    assert forth.returncode == 0
    assert [name for name in tree(root) if name.startswith("etc/systemd")] == here


@pytest.mark.slow
def test_older_bundles_go_away(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    for name in ("tailer", "one", "two", "three"):
        assert (
            install(
                built(FLOW.replace("tailer", name), tmp_path / name), "--apply", "--root", root
            ).returncode
            == 0
        )
    home = root / "opt/flumec"
    kept = {str((home / name).readlink()) for name in ("current", "previous")}
    assert {path.name for path in home.iterdir()} == {
        *kept,
        "current",
        "previous",
        "lock",
        "python",
    }
    assert len(kept) == 2


@pytest.mark.slow
def test_what_is_being_drained_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    install(folder, "--apply", "--root", root)
    link = root / PLACES[2]
    link.unlink()  # as `flumec drain --stop` does
    state = root / "var/lib/flumec/tailer"
    state.mkdir(parents=True)
    (state / MARK).touch()
    for step in ("--check", "--apply"):
        done = install(folder, step, "--root", root)
        assert "flumec-tailer.service is being drained, and is left as it is" in done.stdout
        assert done.returncode == 0
    assert not link.is_symlink()

    (state / MARK).unlink()
    install(folder, "--apply", "--root", root)
    assert link.is_symlink()


@pytest.mark.slow
def test_removing_leaves_nothing_but_state(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    install(folder, "--apply", "--root", root)
    (root / "var/lib/flumec/tailer").mkdir(parents=True)
    done = install(folder, "--remove", "--root", root)
    assert done.returncode == 0, done.stderr
    assert tree(root) == {}
    assert "stays in" in done.stdout
    assert (root / "var/lib/flumec/tailer").is_dir()
    again = install(folder, "--remove", "--root", root)
    assert (again.returncode, again.stdout) == (0, "flumec is not installed here: nothing to do\n")
    purged = install(folder, "--remove", "--purge", "--root", root)
    assert purged.returncode == 0, purged.stderr
    assert not (root / "var/lib/flumec").exists()


def test_a_file_that_was_changed_by_hand_is_refused(folder: Path, tmp_path: Path) -> None:
    with (folder / "agents/tailer.py").open("a") as file:
        file.write("# mine\n")
    done = install(folder, "--apply", "--root", tmp_path / "image")
    assert (done.returncode, done.stdout) == (2, "")
    assert "agents/tailer.py is not as it was built; unpack the bundle anew" in done.stderr


REFUSED = {
    "unrecognized arguments: --rot /x": ["--apply", "--rot", "/x"],
    "--purge and --lose-undelivered go with --remove": ["--apply", "--purge"],
    "/bin/false is no Python that runs; name another": ["--apply", "--python", "/bin/false"],
    "there is no bundle to go back to: ": ["--rollback"],
    "one of the arguments --check --apply --rollback --remove is required": [],
}


@pytest.mark.parametrize("said", thorough.spread(REFUSED, 3))
def test_what_it_refuses_it_refuses_before_anything_is_changed(
    folder: Path, tmp_path: Path, said: str
) -> None:
    done = install(folder, *REFUSED[said], "--root", tmp_path / "image")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert tree(tmp_path / "image").keys() <= {"opt/flumec/lock"}


@pytest.mark.slow
def test_it_says_what_it_did_as_data_too(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    coming = json.loads(install(folder, "--check", "--root", root, "--format", "json").stdout)
    done = json.loads(install(folder, "--apply", "--root", root, "--format", "json").stdout)
    assert (coming["status"], done["status"]) == (0, 0)
    assert [each["text"] for each in done["did"] if each["what"] == "put"] == [
        f"{root}/{place}" for place in (PLACES[0], PLACES[1], *PLACES[4:], *PLACES[2:4])
    ]


def test_its_modules_can_be_joined() -> None:
    names = Counter(
        getattr(node, "name", None)
        for node in ast.parse(installer()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []
    modules = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(installer()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules <= sys.stdlib_module_names


@pytest.mark.slow
def test_a_runtime_may_be_brought_by_another_name(folder: Path, tmp_path: Path) -> None:
    about = runtime(tmp_path / "flumec-runtime-few")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["install"] |= {"python": VERSION, "arch": platform.machine(), "runtime": about}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    renamed, other = tmp_path / "runtime (1).tar", tmp_path / "other.tar"
    subprocess.run(["tar", "-cf", renamed, "flumec-runtime-few"], check=True, cwd=tmp_path)
    subprocess.run(["tar", "-cf", other, "a host's folder"], check=True, cwd=tmp_path)
    image = tmp_path / "image"
    missing = install(folder, "--apply", "--root", image)
    assert f"{about['name']} is not beside the bundle's folder" in missing.stdout
    wrong = install(folder, "--apply", "--root", image, "--runtime", other)
    assert f"that is no runtime, as it has no runtime.json: bring {about['name']}" in wrong.stderr
    done = install(folder, "--apply", "--root", image, "--runtime", renamed)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_python_that_was_named_once_is_taken_again(folder: Path, tmp_path: Path) -> None:
    named, image = tmp_path / "python", tmp_path / "image"
    named.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    named.chmod(0o755)
    install(folder, "--apply", "--root", image, "--python", named)
    starter = image / "opt/flumec/current/bin/python"
    assert str(named) in starter.read_text()
    new = built(FLOW.replace("tailer", "reader"), tmp_path / "new")
    for command in ("--apply", "--rollback"):
        assert install(new, command, "--root", image).returncode == 0
        assert str(named) in starter.read_text()
    named.unlink()
    assert install(folder, "--apply", "--root", image).returncode == 0
    assert str(named) not in starter.read_text(), "it is gone"
