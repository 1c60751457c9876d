"""The compiled plan as files: scripts, units, manifest. The same plan gives the same bytes."""

from functools import cache
from pathlib import Path

from flumec.compiler.emit.accounts import sysusers, tmpfiles
from flumec.compiler.emit.manifest import digest, of_bundle, of_host
from flumec.compiler.emit.paths import (
    MANIFEST,
    TARGET,
    folder,
    script_path,
    systemd_path,
    unit_path,
)
from flumec.compiler.emit.script import script
from flumec.compiler.emit.socket_units import socket_units
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit import unit
from flumec.compiler.plan import Host, Plan

__all__ = ["MANIFEST", "emit", "script_path", "unit_path"]


def emit(plan: Plan) -> dict[str, bytes]:
    """Return every file of the bundle by its name; each host has a folder that installs alone."""
    files: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    for host in plan.hosts:
        own = _host(host)
        known = {name: digest(content) for name, content in own.items()}
        own[MANIFEST] = of_host(plan, host, known)
        known[MANIFEST] = digest(own[MANIFEST])
        above = folder(host.name)
        files.update((f"{above}/{name}", content) for name, content in own.items())
        digests.update((f"{above}/{name}", known[name]) for name in own)
    files[MANIFEST] = of_bundle(plan, digests)
    return files


def _host(host: Host) -> dict[str, bytes]:
    """Return the files of one host by their names in its folder."""
    files = {
        "install.sh": _installer(),
        "systemd/sysusers.conf": sysusers(host).encode(),
        "systemd/tmpfiles.conf": tmpfiles(host).encode(),
        systemd_path(TARGET): render("flumec.target.j2").encode(),
    }
    for agent in host.agents:
        files[script_path("", agent.name)] = script(agent).encode()
        files[unit_path("", agent.name)] = unit(agent).encode()
        sockets = socket_units(agent)
        files.update((systemd_path(name), text.encode()) for name, text in sockets.items())
    return files


@cache
def _installer() -> bytes:
    """Return install.sh, the same for all hosts."""
    return (Path(__file__).parent / "install.sh").read_bytes()
