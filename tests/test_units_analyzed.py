"""What systemd itself says of the units: it knows every setting, and the services are hardened."""

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flumec.compiler.emit.socket_units import socket_units
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit import unit
from flumec.runtime.quantity import Percent, Size
from test_units import PLAIN

ANALYZE = shutil.which("systemd-analyze") or ""
BUNDLES = sorted(
    folder
    for root in ("examples", "tests/golden")
    for folder in (Path(__file__).parent.parent / root).glob("*/bundle/*/systemd")
)


def analyzed(folder: Path, *arguments: str) -> list[str]:
    """Return what systemd-analyze says of a folder's units, but that the host has no agents."""
    units = sorted(path.name for path in folder.iterdir() if path.suffix != ".conf")
    said = subprocess.run(
        [ANALYZE, *arguments, *(f"./{name}" for name in units)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = (said.stdout + said.stderr).splitlines()
    return [line for line in lines if "is not executable" not in line]


@pytest.mark.slow
@pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")
def test_systemd_has_no_remark_on_any_unit(tmp_path: Path) -> None:
    agent = dataclasses.replace(
        PLAIN, writes=("/srv/a b%:c",), reads=("/srv/l:o g%/*",), credentials=("x",), group="adm",
        limits={"memory": Size("1GiB"), "cpu": Percent("5%")}, metrics_port=9101,
        ports=(("events", 443),), address="2001:db8::7",
    )  # fmt: skip
    for name, text in socket_units(agent).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "flumec-tailer.service").write_text(unit(agent))
    (tmp_path / "flumec.target").write_text(render("flumec.target.j2"))
    remarks = {str(folder): analyzed(folder, "verify") for folder in (tmp_path, *BUNDLES)}
    assert {where: said for where, said in remarks.items() if said} == {}


@pytest.mark.slow
@pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")
@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: "-".join(folder.parts[-4:-1:2]))
def test_every_unit_is_hardened(folder: Path) -> None:
    for path in folder.glob("*.service"):
        said = subprocess.run(
            [ANALYZE, "security", "--offline=true", "--no-pager", path],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        exposure = re.search(r"exposure level for \S+: ([0-9.]+)", said)
        assert exposure, said
        assert float(exposure[1]) <= 2.0, said
