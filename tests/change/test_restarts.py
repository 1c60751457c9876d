"""What `flumec plan` says of restarts is what the installer does: only comments restart nobody."""

import shutil
from pathlib import Path

import pytest
from flumec.compiler.bundle import write_bundle
from flumec.compiler.change.outcome import RESTARTED
from flumec.compiler.emit import emit
from flumec.compiler.installer.agents import digest_of, digest_of_socket
from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.runtime import Python

from .conftest import FLOW, Planner, changed, compiled


def started_with(text: str, folder: Path) -> dict[str, list[str]]:
    """Return what the installer compares, by agent: its process, and its sockets."""
    write_bundle(emit(compiled(text)), folder)
    python = Python(Path("/usr/bin/python3"), "3.11", "x86_64", "2.36", "0.1.0")
    found = {}
    for name in ("web-1", "core-1"):
        bundle = Bundle(folder / name)
        for agent in bundle.agents:
            sockets = [digest_of_socket(bundle, socket) for socket in agent["sockets"]]
            found[agent["name"]] = [digest_of(Host(folder), bundle, agent, python), *sockets]
    shutil.rmtree(folder)
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("agent tailer", "# what it is for\n## Follows a log.\nagent tailer"),
        ("size = 1GiB", "size = 2GiB"),
        ("port = 4141", "port = 4142"),
        ("size = 64MiB", "size = 32MiB"),
        ("timestamp() ->", "timestamp() -> host() ->"),
    ],
)
def test_who_is_said_to_restart_is_started_anew_and_nobody_else(
    planner: Planner, tmp_path: Path, old: str, new: str
) -> None:
    text = changed((old, new))
    said = {each.agent for each in planner(text).agents if each.fate in RESTARTED}
    before, after = (started_with(each, tmp_path / "host") for each in (FLOW, text))
    assert {name for name in before if before[name] != after[name]} == said
