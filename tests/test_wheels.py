"""Wheels for hosts: by a lock, offline, and only what a host needs. The index is a folder here."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.wheels import needs, own, packing
from flumec.compiler.wheels.closure import close
from flumec.compiler.wheels.fetching import fetch
from flumec.compiler.wheels.lock import LOCK, Lock, WheelsError
from flumec.compiler.wheels.sdist import wheel_of
from flumec.compiler.wheels.target import Target
from flumec.compiler.wheels.wheel import make_wheel, read_wheel
from packaging.requirements import Requirement

HERE = Target("3.11", "x86_64")
ROOTS = [Requirement("top>=1")]


def put(index: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any") -> Path:
    """Put a wheel into an index."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    path = index / f"{name}-{version}-{tag}.whl"
    content = make_wheel(name, version, {f"{name}.py": b"x = 1\n"}, "\n".join(lines) + "\n")
    path.write_bytes(content.replace(b"Tag: py3-none-any", f"Tag: {tag}".encode()))
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index without network: pip looks into this folder alone."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    put(folder, "top", "1.0", "below>=1", 'older; python_version < "3.12"', 'never; extra == "x"')
    put(folder, "below", "1.0")
    put(folder, "below", "1.5", 'far; platform_machine == "aarch64"')
    put(folder, "older", "2")
    put(folder, "far", "3")
    return folder


def filled(folder: Path, target: Target = HERE) -> tuple[list[str], Lock]:
    folder.mkdir(exist_ok=True)
    lock = Lock.read(folder / LOCK)
    came = fetch(folder, lock, target, ROOTS)
    (folder / LOCK).write_text(lock.text())
    return came, lock


@pytest.mark.slow
def test_a_folder_is_filled_and_locked(index: Path, tmp_path: Path) -> None:
    came, lock = filled(tmp_path / "wheels")
    assert sorted(came) == [
        "below-1.5-py3-none-any.whl", "older-2-py3-none-any.whl", "top-1.0-py3-none-any.whl",
    ]  # fmt: skip
    assert lock.of(HERE)["below"]["version"] == "1.5"


@pytest.mark.slow
def test_markers_are_the_hosts_not_this_machines(index: Path, tmp_path: Path) -> None:
    _, lock = filled(tmp_path / "wheels", Target("3.13", "aarch64"))
    assert sorted(lock.of(Target("3.13", "aarch64"))) == ["below", "far", "top"]


@pytest.mark.slow
def test_the_lock_is_what_comes_again(index: Path, tmp_path: Path) -> None:
    filled(tmp_path / "wheels")
    put(index, "below", "9.9")
    for path in (tmp_path / "wheels").glob("*.whl"):
        path.unlink()
    came, lock = filled(tmp_path / "wheels")
    assert len(came) == 3
    assert lock.of(HERE)["below"]["version"] == "1.5"
    for path in index.iterdir():
        path.unlink()
    assert filled(tmp_path / "wheels")[0] == []


@pytest.mark.slow
def test_another_wheel_of_the_same_name_is_refused(index: Path, tmp_path: Path) -> None:
    filled(tmp_path / "wheels")
    (tmp_path / "wheels" / "top-1.0-py3-none-any.whl").unlink()
    put(index, "top", "1.0", "below>=1", "evil")
    with pytest.raises(WheelsError, match="is not the one of the lock"):
        filled(tmp_path / "wheels")


@pytest.mark.slow
def test_what_there_is_no_wheel_for_is_said(index: Path, tmp_path: Path) -> None:
    (index / "far-3-py3-none-any.whl").unlink()
    with pytest.raises(WheelsError, match="could not download the wheels"):
        filled(tmp_path / "wheels", Target("3.13", "aarch64"))


def test_what_is_needed_is_followed_by_the_hosts_markers(index: Path) -> None:
    known = {wheel.name: wheel for wheel in map(read_wheel, sorted(index.glob("*.whl")))}
    closed = close(HERE, [Requirement("top"), Requirement("below<1")], known.get)
    assert sorted(closed.wheels) == ["below", "older", "top"]
    assert [str(each) for each in closed.missing] == ["below<1"]


def locked(folder: Path, *wheels: Path) -> None:
    """Lock these wheels as they are."""
    lock = Lock({})
    entries = {}
    for path in wheels:
        wheel = read_wheel(path)
        (folder / wheel.file).write_bytes(path.read_bytes())
        entries[wheel.name] = {
            "file": wheel.file, "version": str(wheel.version), "sha256": packing.sha256_of(path),
        }  # fmt: skip
    lock.put(HERE, entries)
    (folder / LOCK).write_text(lock.text())


def test_a_runtime_is_packed_from_what_is_locked(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "roots", lambda target, extras: ROOTS)
    folder = tmp_path / "wheels"
    folder.mkdir()
    with pytest.raises(WheelsError, match=r"has no wheels for Python 3\.11 on x86_64; fill it"):
        packing.pack(folder, HERE, frozenset())
    locked(folder, *(index / f"{name}-py3-none-any.whl" for name in ("top-1.0", "below-1.5")))
    with pytest.raises(WheelsError, match=r"lacks wheels for 3\.11-x86_64: `older; "):
        packing.pack(folder, HERE, frozenset())
    names = ("top-1.0", "below-1.5", "older-2", "far-3")
    locked(folder, *(index / f"{name}-py3-none-any.whl" for name in names))
    runtime = packing.pack(folder, HERE, frozenset())
    runtime.archive.write(tmp_path)
    with tarfile.open(tmp_path / runtime.about["name"]) as tar:
        here = sorted(Path(name).name for name in tar.getnames() if name.endswith(".whl"))
    assert here == sorted([own.own_name(), *(f"{n}-py3-none-any.whl" for n in names[:3])])
    (folder / "older-2-py3-none-any.whl").write_bytes(
        (index / "far-3-py3-none-any.whl").read_bytes()
    )
    with pytest.raises(WheelsError, match=r"older-2-py3-none-any\.whl` is not the locked one"):
        packing.pack(folder, HERE, frozenset())


def test_sources_become_a_wheel_without_being_run(tmp_path: Path) -> None:
    top = tmp_path / "thing-1.2"
    (top / "thing").mkdir(parents=True)
    (top / "thing.egg-info").mkdir()
    (top / "setup.py").write_text("raise SystemExit('it was run')")
    (top / "thing" / "__init__.py").write_text("y = 2\n")
    (top / "thing.egg-info" / "PKG-INFO").write_text(
        "Metadata-Version: 1.1\nName: thing\nVersion: 1.2\n"
    )
    (top / "thing.egg-info" / "top_level.txt").write_text("thing\n")
    (top / "thing.egg-info" / "requires.txt").write_text("six>=1.9\n\n[avro]\nfastavro\n")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with tarfile.open(tmp_path / name / "thing-1.2.tar.gz", "w:gz") as tar:
            tar.add(top, "thing-1.2")
        os.utime(top, (1, 1))
    made = [wheel_of(tmp_path / name / "thing-1.2.tar.gz") for name in ("a", "b")]
    assert made[0] == made[1]
    name, content = made[0]
    (tmp_path / name).write_bytes(content)
    assert [str(each) for each in read_wheel(tmp_path / name).requires] == ["six>=1.9"]
    with zipfile.ZipFile(tmp_path / name) as archive:
        assert [n for n in archive.namelist() if "dist-info" not in n] == ["thing/__init__.py"]


def test_only_sources_of_pure_python_are_taken(tmp_path: Path) -> None:
    (tmp_path / "thing.c").write_text("")
    with tarfile.open(tmp_path / "thing-1.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "thing.c", "thing-1/thing.c")
    with pytest.raises(ValueError, match="is not pure Python"):
        wheel_of(tmp_path / "thing-1.tar.gz")


def test_our_own_wheel_has_the_runtime_alone(tmp_path: Path) -> None:
    path = tmp_path / own.own_name()
    path.write_bytes(own.own_wheel())
    wheel = read_wheel(path)
    assert str(wheel.version) == metadata.version("flumec")
    assert {each.name for each in wheel.requires} & needs.COMPILER_ONLY == set()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        tops = {
            "/".join(name.split("/")[:2]) for name in archive.namelist() if "dist-info" not in name
        }
    assert tops == {"flumec/runtime"}


@pytest.mark.slow
def test_our_own_wheel_runs_alone(tmp_path: Path) -> None:
    """With neither the compiler nor what only the compiler needs."""
    path = tmp_path / own.own_name()
    path.write_bytes(own.own_wheel())
    zipfile.ZipFile(path).extractall(tmp_path / "site")
    blocked = sorted({*needs.COMPILER_ONLY, "yaml"} - {"packaging", "pyyaml"})
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        f"sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "import flumec.runtime, pkgutil, importlib\n"
        f"assert flumec.runtime.__file__.startswith({str(tmp_path)!r})\n"
        "for each in pkgutil.walk_packages(flumec.runtime.__path__, 'flumec.runtime.'):\n"
        "    if not each.name.endswith('__main__'):\n"
        "        importlib.import_module(each.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


FLOW = """
hosts web = ["web-1"] {
  python = "3.12"
  arch = aarch64
}

hosts core = ["core-1"]

agent one on web {
  source numbers : seq

  channel few : file

  sink none : null

  numbers -> few
  few -> none
}

agent two on core {
  source posts : http {
    port = 8080
  }

  channel few : file

  channel late : file

  sink files : file_roll {
    directory = "/srv/x"
    path = "%Y/%m/%d"

    dedup {
      key = header.id
      window = 1h
      late = late
    }
  }

  posts -> few
  few -> files
}
"""


def test_hosts_say_what_they_are_and_agents_what_they_need() -> None:
    compiled = compile_text(FLOW)
    assert compiled.plan is not None, compiled.diagnostics
    assert needs.targets_of(compiled.plan) == {
        Target("3.12", "aarch64"): frozenset(),
        Target("3.11", "x86_64"): frozenset({"dedup"}),
    }
    names = [{each.name for each in needs.roots(HERE, extras)} for extras in ((), ("dedup",))]
    assert names[1] - names[0] == {"numpy"}
    assert "isal" in names[0]


def test_a_lock_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("[]")
    with pytest.raises(WheelsError, match="cannot read"):
        Lock.read(tmp_path / LOCK)
    (tmp_path / LOCK).write_text(json.dumps({"flumec wheels": 9, "targets": {}}))
    with pytest.raises(WheelsError, match="is in format 9; this flumec knows 1"):
        Lock.read(tmp_path / LOCK)
