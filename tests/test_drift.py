"""A host that was changed by hand is told, thing by thing; secrets are not looked at."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler import cli
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.runtime.drift.__main__ import main

ROOT = Path(__file__).parent.parent
HOST = "core-1.example.com"
UNIT = "etc/systemd/system/flumec-collector.service"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a host's folder into the image of a host, once; beside it the bundle, `dist`."""
    folder = tmp_path_factory.mktemp("drift")
    compiled = compile_fleet([ROOT / "examples" / "weblogs" / "weblogs.flow"], Options())
    assert compiled.plan is not None
    write_bundle(emit(compiled.plan), folder / "dist")
    subprocess.run(
        [sys.executable, folder / "dist" / HOST / "install", "--apply",
         "--root", folder / "root", "--python", sys.executable],
        check=True, capture_output=True,
    )  # fmt: skip
    credentials = folder / "root" / "etc" / "flumec" / "credentials"
    credentials.mkdir(parents=True, exist_ok=True)
    for name in ("flumec-ca", "flumec-cert", "flumec-key"):
        (credentials / name).write_text("not to be read")
        (credentials / name).chmod(0o600)
    return folder


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "root", tmp_path / "root", symlinks=True)
    return tmp_path / "root"


Drift = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def drift(root: Path, capsys: pytest.CaptureFixture[str]) -> Drift:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["--root", str(root), "--format", "json", *arguments])
        return status, json.loads(capsys.readouterr().out)["drift"]

    return run


def current(root: Path) -> Path:
    home = root / "opt" / "flumec"
    return home / (home / "current").readlink()


def test_a_host_as_it_was_installed(drift: Drift, made: Path) -> None:
    assert drift() == (0, [])
    assert drift("--against", str(made / "dist")) == (0, [])


def edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n# by hand\n")


def drop_in(root: Path) -> None:
    (root / f"{UNIT}.d").mkdir()
    (root / f"{UNIT}.d" / "override.conf").write_text("[Service]\nMemoryMax=1G\n")


def mask(root: Path) -> None:
    (root / UNIT).unlink()
    (root / UNIT).symlink_to(os.devnull)


CHANGES: list[tuple[str, Callable[[Path], Any], list[tuple[str, str]]]] = [
    ("unit", lambda root: edit(root / UNIT), [("changed", f"/{UNIT}")]),
    ("unit gone", lambda root: (root / UNIT).unlink(), [("missing", f"/{UNIT}")]),
    ("mode", lambda root: (root / UNIT).chmod(0o666), [("mode", f"/{UNIT}")]),
    ("mask", mask, [("changed", f"/{UNIT}")]),
    ("drop-in", drop_in, [("extra", f"/{UNIT}.d/override.conf")]),
    (
        "another's unit",
        lambda root: (root / "etc/systemd/system/flumec-old.service").write_text("[Service]\n"),
        [("extra", "/etc/systemd/system/flumec-old.service")],
    ),
    (
        "not at boot",
        lambda root: (
            root / "etc/systemd/system/flumec.target.wants/flumec-collector.service"
        ).unlink(),
        [("link", "/etc/systemd/system/flumec.target.wants/flumec-collector.service")],
    ),
    (
        "script",
        lambda root: edit(current(root) / "agents" / "collector.py"),
        [("changed", "/opt/flumec/{}/agents/collector.py")],
    ),
    (
        "more scripts",
        lambda root: (current(root) / "agents" / "mine.py").write_text(""),
        [("extra", "/opt/flumec/{}/agents/mine.py")],
    ),
    (
        "manifest",
        lambda root: edit_json(current(root) / "manifest.json"),
        [("changed", "/opt/flumec/{}/manifest.json")],
    ),
    (
        "secret gone",
        lambda root: (root / "etc/flumec/credentials/flumec-key").unlink(),
        [("missing", "/etc/flumec/credentials/flumec-key")],
    ),
    (
        "secret for all",
        lambda root: (root / "etc/flumec/credentials/flumec-key").chmod(0o644),
        [("mode", "/etc/flumec/credentials/flumec-key")],
    ),
    (
        "cut off",
        lambda root: (root / "opt/flumec/applying").symlink_to("0" * 16),
        [("bundle", "/opt/flumec/applying")],
    ),
]


def edit_json(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "9.9"}))


@pytest.mark.parametrize(("change", "expected"), [each[1:] for each in CHANGES],
                         ids=[each[0] for each in CHANGES])  # fmt: skip
def test_what_was_changed_by_hand_is_told(
    root: Path, drift: Drift, change: Callable[[Path], Any],
    expected: list[tuple[str, str]],
) -> None:  # fmt: skip
    change(root)
    status, found = drift()
    name = current(root).name
    assert status == 1
    assert [(each["kind"], each["where"]) for each in found] == [
        (kind, where.format(name)) for kind, where in expected
    ]


def test_another_bundle_than_was_built_is_told(drift: Drift, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "dist", tmp_path / "newer")
    edit_json(tmp_path / "newer" / HOST / "manifest.json")
    status, found = drift("--against", str(tmp_path / "newer"))
    assert status == 1
    assert [(each["kind"], each["where"]) for each in found] == [("bundle", "/opt/flumec/current")]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: (root / "opt/flumec/current").unlink(), "no bundle is installed here"),
        (lambda root: (current(root) / "manifest.json").write_text("{"), "install one anew"),
    ],
    ids=["nothing", "no manifest"],
)
def test_what_cannot_be_told(
    root: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], Any], words: str
) -> None:
    spoil(root)
    assert main(["--root", str(root)]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_it_runs_with_nothing_but_the_standard_library(root: Path) -> None:
    """A host's own Python, without site packages, has no Arrow."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import types;"
        "p = types.ModuleType('flumec'); p.__path__ = [sys.argv[1]]; sys.modules['flumec'] = p;"
        "from flumec.runtime.drift.__main__ import main; sys.exit(main(['--root', sys.argv[2]]))"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code, ROOT, root], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("as it was installed\n")


def test_the_page_shows_what_it_says(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "drift.md").read_text()
    _, command = re.findall(r"```sh\n(.*)\n```", page)
    (shown,) = re.findall(r"```\n(changed.*?)```", page, re.DOTALL)
    shutil.copytree(made / "root", tmp_path / "copies" / "core-1", symlinks=True)
    shutil.copytree(made / "dist", tmp_path / "dist")
    edit(tmp_path / "copies" / "core-1" / UNIT)
    drop_in(tmp_path / "copies" / "core-1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(command.split()[1:])
    bundle = current(tmp_path / "copies" / "core-1").name
    shown = re.sub("bundle [0-9a-f]{16}", f"bundle {bundle}", shown)
    assert (ended.value.code, capsys.readouterr().out) == (1, shown)
