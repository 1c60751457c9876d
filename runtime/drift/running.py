"""Units of the running host that don't run as they were installed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.drift.files import Drift
from flumec.runtime.drift.installed import Installed

_PATIENCE = 30
_ASKED = ("Id", "ActiveState", "Result", "NeedDaemonReload", "UnitFileState")


def is_live() -> bool:
    """Return whether systemd runs this machine."""
    return Path("/run/systemd/system").is_dir()


def units(found: Installed) -> Iterator[Drift]:
    """Yield units that don't run, are not started at boot, or whose files systemd has not read."""
    shown = _asked(found.units)
    for unit in found.units:
        state = shown.get(unit, {})
        if (active := state.get("ActiveState", "unknown")) != "active":
            result = state.get("Result", "")
            why = f", {result}" if result not in {"", "success"} else ""
            yield Drift("unit", unit, f"it is {active}{why}")
        if (enabled := state.get("UnitFileState", "unknown")) != "enabled":
            yield Drift("unit", unit, f"it is {enabled}: not started at boot")
        if state.get("NeedDaemonReload") == "yes":
            yield Drift("unit", unit, "systemd has not read its file: systemctl daemon-reload")


def _asked(names: list[str]) -> dict[str, dict[str, str]]:
    """Return what systemd says of units, by their names."""
    if not names:
        return {}
    command = ["systemctl", "show", f"--property={','.join(_ASKED)}", *names]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = {}
    for block in done.stdout.decode("utf-8", "replace").split("\n\n"):
        pairs = (line.partition("=") for line in block.splitlines())
        state = {name: value for name, _, value in pairs}
        found[state.get("Id", "")] = state
    return found
