"""A flow in, its bundle out, byte for byte; on any machine, by any user, in any Python."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import compare, write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.emit.installer import installer
from flumec.compiler.options import Options

ROOT = Path(__file__).parent.parent
CASES = [
    *sorted((ROOT / "tests" / "golden").iterdir()),
    *sorted(folder.parent for folder in (ROOT / "examples").glob("*/*.flow")),
]


def flow_of(case: Path) -> Path:
    return case / f"{case.name}.flow"


STAND_IN = b"""\
#!/bin/sh
# Stands where the installer is: the same 60 kB for all hosts, whose text is compiler/installer/.
echo "install: this folder is only to be read; build the flow with: flumec build" >&2
exit 2
"""
"""So that a change of the installer is one in its own files, and not in each golden, too."""


def built(case: Path, program: bytes | None = None) -> dict[str, bytes]:
    compiled = compile_fleet([flow_of(case)], Options())
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    return emit(compiled.plan, program=program)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_flow_becomes_its_bundle(case: Path, request: pytest.FixtureRequest) -> None:
    files = built(case, STAND_IN)
    if request.config.getoption("--update"):
        write_bundle(files, case / "bundle")
    differences = [each.name for each in compare(files, case / "bundle")]
    assert differences == [], "pytest --update, then git diff"


def test_what_a_golden_has_not_is_the_installer_alone() -> None:
    whole, kept = built(CASES[0]), built(CASES[0], STAND_IN)
    assert whole.keys() == kept.keys()
    others = {name for name in whole if whole[name] != kept[name]}
    assert {name.rpartition("/")[2] for name in others} == {"install", "manifest.json"}
    programs = {whole[name] for name in others if name.endswith("/install")}
    assert programs == {installer()}
    digests = {hashlib.sha256(each).hexdigest().encode() for each in (STAND_IN, *programs)}
    for name in others - {"manifest.json"}:
        if name.endswith("/manifest.json"):
            differing = zip(whole[name].split(b"\n"), kept[name].split(b"\n"), strict=True)
            words = {word for pair in differing if pair[0] != pair[1] for word in pair}
            assert {word.split(b'"')[3] for word in words} == digests


BUILD = """
import sys
from flumec.compiler.cli import main

main(["build", sys.argv[1], "-o", sys.argv[2]])
"""

BUILD_ALL = """
import sys
from pathlib import Path
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options

for flow in map(Path, sys.argv[2:]):
    write_bundle(emit(compile_fleet([flow], Options()).plan), Path(sys.argv[1], flow.stem))
"""


def surroundings(tmp_path: Path) -> Iterator[tuple[str, Mapping[str, str], int]]:
    """Yield (folder of the checkout, environment, umask) of quite different machines."""
    base = {"PATH": os.environ["PATH"]}
    yield "here", {**base, "HOME": "/", "PYTHONHASHSEED": "0"}, 0o022
    other = {"HOME": str(tmp_path), "TZ": "Pacific/Chatham", "LANG": "tr_TR.UTF-8", "LC_ALL": "C"}
    yield "a b/ü/%h", {**base, **other, "PYTHONHASHSEED": "1", "USER": "ann"}, 0o077
    rest = {"PYTHONHASHSEED": "4711", "SOURCE_DATE_EPOCH": "1", "PYTHONUTF8": "0", "TZ": "UTC-14"}
    yield "x", {**base, **rest, "COLUMNS": "20", "NO_COLOR": "1"}, 0o002


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", [CASES[0], CASES[-1]], ids=lambda case: case.name)
def test_the_same_flow_gives_the_same_bytes_anywhere(case: Path, tmp_path: Path) -> None:
    bundles = []
    for number, (checkout, environment, umask) in enumerate(surroundings(tmp_path)):
        here = tmp_path / str(number) / checkout
        shutil.copytree(case, here, ignore=shutil.ignore_patterns("bundle"))
        flow, out, cwd = flow_of(case).name, "dist", here
        if number == 0:  # by its whole path, from elsewhere
            flow, out, cwd = str(here / flow), str(here / out), Path("/")
        command = [sys.executable, "-c", BUILD, flow, out]
        subprocess.run(command, check=True, cwd=cwd, env=dict(environment), umask=umask)
        bundles.append(tree(here / "dist"))
    assert bundles[0] == bundles[1] == bundles[2]
    packed = {name for name in bundles[0] if name.endswith(".tar")}
    assert packed, "a host's tar is as reproducible as its folder"
    files = {name: data for name, (_, data) in bundles[0].items() if data and name not in packed}
    assert files == built(case)


def test_what_a_flow_names_by_its_whole_path_is_no_part_of_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "hosts.ini").write_text("[all]\nweb-1\n")
    (tmp_path / "lib" / "tier.flow").write_text(
        'hosts web = inventory("hosts.ini")\n\nagent a on web {\n  source s : seq\n\n'
        "  channel c : file\n\n  sink n : null\n\n  s -> c\n  c -> n\n}\n"
    )
    built = []
    for checkout in (tmp_path / "a", tmp_path / "b" / "deeper"):
        checkout.mkdir(parents=True)
        flow = checkout / "main.flow"
        flow.write_text(f'import "{tmp_path}/lib/tier.flow" as tier\n')
        compiled = compile_fleet([flow], Options())
        assert compiled.plan is not None, compiled.diagnostics
        built.append(emit(compiled.plan))
    assert built[0] == built[1]
    inputs = json.loads(built[0]["manifest.json"])["inputs"]
    assert sorted(inputs) == [f"{tmp_path}/lib/{n}" for n in ("hosts.ini", "tier.flow")] + [
        "main.flow"
    ]


def other_pythons() -> list[Path]:
    """Return Pythons of other versions on this machine."""
    beside = Path(sys.base_prefix).parent.glob("3.*/bin/python3")
    on_path = (shutil.which(f"python3.{minor}") for minor in range(12, 16))
    found = {}
    for path in (*sorted(beside), *(Path(command) for command in on_path if command)):
        asked = [path, "-c", "import sys; print(sys.version_info[:2])"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if re.fullmatch(r"\(3, 1[1-9]\)", said) and said != str(sys.version_info[:2]):
            found.setdefault(said, path)
    return list(found.values())


@pytest.mark.slow
def test_every_python_gives_the_same_bytes(tmp_path: Path) -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python from 3.11 on is here")
    (tmp_path / "flumec").symlink_to(ROOT)
    # The compiler's dependencies are pure Python, or have a part that is.
    libraries = sysconfig.get_path("purelib")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{libraries}"}
    for number, python in enumerate(pythons):
        out = tmp_path / str(number)
        subprocess.run(
            [python, "-B", "-c", BUILD_ALL, out, *map(flow_of, CASES)], check=True, env=environment
        )
        for case in CASES:
            assert [str(each) for each in compare(built(case), out / case.name)] == []
