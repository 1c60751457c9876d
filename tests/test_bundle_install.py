"""Each host's folder installs alone: offline, again and again, under a root of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit

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

INSTALLED = [
    "etc/systemd/system/flumec-tailer.service",
    "etc/systemd/system/flumec.target",
    "etc/sysusers.d/flumec.conf",
    "etc/tmpfiles.d/flumec.conf",
    "opt/flumec/agents/tailer.py",
    "opt/flumec/bin/python",
    "opt/flumec/manifest.json",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A host's folder, moved away from the bundle that it came in."""
    compiled = compile_text(FLOW)
    assert compiled.plan is not None, compiled.diagnostics
    write_bundle(emit(compiled.plan), tmp_path / "dist")
    return (tmp_path / "dist" / "web-1").rename(tmp_path / "a host's folder")


def install(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", folder / "install.sh", *arguments],
        capture_output=True, text=True, check=False, cwd="/", env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def test_it_installs_everything_under_a_root(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "image"
    done = install(folder, "--root", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(root) == INSTALLED
    assert len(done.stdout.splitlines()) == len(INSTALLED)
    assert all(line.startswith(f"installed  {root}/") for line in done.stdout.splitlines())
    assert (root / "opt/flumec/agents/tailer.py").stat().st_mode & 0o777 == 0o755
    assert (root / INSTALLED[0]).stat().st_mode & 0o777 == 0o644


def test_a_second_time_changes_nothing(folder: Path, tmp_path: Path) -> None:
    install(folder, "--root", tmp_path / "image")
    before = {p: p.stat().st_ino for p in (tmp_path / "image").rglob("*")}
    done = install(folder, "--root", tmp_path / "image")
    assert all(line.startswith("unchanged  ") for line in done.stdout.splitlines())
    assert {p: p.stat().st_ino for p in (tmp_path / "image").rglob("*")} == before


def test_a_new_bundle_replaces_what_changed_and_names_what_is_left(
    folder: Path, tmp_path: Path
) -> None:
    root = tmp_path / "image"
    install(folder, "--root", root)
    (folder / "agents" / "tailer.py").rename(folder / "agents" / "other.py")
    done = install(folder, "--root", root)
    changed = [line for line in done.stdout.splitlines() if not line.startswith("unchanged")]
    assert changed == [
        f"installed  {root}/opt/flumec/agents/other.py",
        (
            f"left over  {root}/opt/flumec/agents/tailer.py is not in this bundle; "
            "its events stay in /var/lib/flumec"
        ),
    ]


def test_agents_start_with_the_python_that_was_named(folder: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "python: $*"\n')
    python.chmod(0o755)
    install(folder, "--root", tmp_path / "image", "--python", python)
    started = [tmp_path / "image/opt/flumec/bin/python", "agent.py", "two words"]
    said = subprocess.run(started, capture_output=True, text=True, check=True).stdout
    assert said == "python: agent.py two words\n"


@pytest.mark.parametrize("named", ["{here}/py", "py", "./py"])
def test_the_python_is_found_wherever_a_unit_starts_it(
    folder: Path, tmp_path: Path, named: str
) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "py"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    subprocess.run(
        ["sh", folder / "install.sh", "--root", tmp_path / "image",
         "--python", named.format(here=python.parent)],
        check=True, capture_output=True, cwd=python.parent,
        env={"PATH": f"{python.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    starter = (tmp_path / "image/opt/flumec/bin/python").read_text()
    assert Path(starter.split('"')[1]).resolve() == python


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--rot", "/x"],
            "unknown option --rot; there are --root DIR and --python FILE",
        ),
        (
            ["--python", "/bin/false"],
            "/bin/false has no flumec.runtime; install flumec there, or ",
        ),
    ],
)
def test_what_it_refuses_it_refuses_before_anything_is_changed(
    folder: Path, arguments: list[str], said: str
) -> None:
    done = install(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"install.sh: {said}")


@pytest.mark.skipif(not shutil.which("dash"), reason="needs dash, the strictest sh at hand")
def test_it_is_plain_sh(folder: Path) -> None:
    subprocess.run(["dash", "-n", folder / "install.sh"], check=True)
    assert "[[" not in (folder / "install.sh").read_text()
