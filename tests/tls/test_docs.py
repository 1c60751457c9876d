"""The commands of docs/tls.md run as they stand there, and its links compile."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.runtime.messages import every_message

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tls.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
LINKS = re.findall(r"^```flow\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def flumec(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flumec.compiler", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("weblogs.flow", "hosts.ini"):
        shutil.copy(ROOT / "examples" / "weblogs" / name, tmp_path)
    return tmp_path


@pytest.mark.slow
def test_its_commands_run(folder: Path) -> None:
    for command in COMMANDS:
        said = flumec(*shlex.split(command)[1:], folder=folder)
        assert said.returncode == 0, command + said.stdout + said.stderr

    assert (folder / "certs" / "hosts" / "web-1.example.com" / "flumec-key").exists()


@pytest.mark.parametrize("link", LINKS, ids=range(len(LINKS)))
def test_its_links_compile_and_no_key_is_in_the_bundle(
    link: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flow = folder / "weblogs.flow"
    whole = flow.read_text()
    flow.write_text(whole[: whole.index("tailer.spool =>")] + link)

    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as built:
        cli.main(["build", "weblogs.flow", "-o", "dist", "--strict"])

    assert built.value.code == 0, capsys.readouterr()
    keys = re.findall(r"LoadCredential=(\S+):/etc/flumec/credentials/\1", units(folder / "dist"))
    named = re.findall(r'secret\("(.*?)"\)', link) or ["flumec-ca", "flumec-cert", "flumec-key"]
    assert set(keys) == set(named)
    assert not [
        p for p in (folder / "dist").rglob("*") if p.is_file() and b"PRIVATE" in p.read_bytes()
    ]


def test_the_messages_that_it_names_exist() -> None:
    assert set(re.findall(r"RT\d{3}", PAGE)) <= every_message().keys()


def units(dist: Path) -> str:
    return "".join(path.read_text() for path in dist.rglob("*.service"))
