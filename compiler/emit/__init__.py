"""The compiled plan as files: scripts, units, manifest. The same plan gives the same bytes."""

from collections.abc import Mapping
from typing import Any

from flumec.compiler.emit import readme
from flumec.compiler.emit.accounts import sysusers, tmpfiles
from flumec.compiler.emit.installer import installer
from flumec.compiler.emit.installing import installing
from flumec.compiler.emit.manifest import digest, of_agents, of_bundle, of_host
from flumec.compiler.emit.openings import as_csv, by_host, openings
from flumec.compiler.emit.order import start_order
from flumec.compiler.emit.script import script
from flumec.compiler.emit.socket_units import socket_units
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit import unit
from flumec.compiler.paths import (
    FIREWALL,
    INSTALLER,
    MANIFEST,
    README,
    TARGET,
    folder,
    script_path,
    systemd_path,
    unit_path,
)
from flumec.compiler.plan import Host, Plan

__all__ = ["MANIFEST", "Runtimes", "emit", "script_path", "unit_path"]

Runtimes = Mapping[tuple[str, str], Mapping[str, Any]]
"""What runtime the hosts of a Python's version and a processor get, as their manifests name it."""


def emit(
    plan: Plan,
    runtimes: Runtimes | None = None,
    beside: Mapping[str, bytes] | None = None,
    *,
    program: bytes | None = None,
) -> dict[str, bytes]:
    """Return every file of the bundle by its name; each host has a folder that installs alone.

    Without `runtimes` it installs where flumec.runtime is already. Files `beside` the hosts' are
    part of the bundle too. A `program` stands where the installer would.
    """
    program = installer() if program is None else program
    files = dict(beside or {})
    digests = {name: digest(content) for name, content in files.items()}
    order = {name: place for place, name in enumerate(start_order(plan))}
    connections = openings(plan)
    inbound = by_host(connections)
    does = []
    for host in plan.hosts:
        own = _host(host, program)
        own[README] = readme.of_host(host, inbound.get(host.name, ()))
        runtime = (runtimes or {}).get((host.python, host.arch))
        does.append(of_agents([host]))
        own[MANIFEST] = of_host(plan, does[-1], own, installing(plan, host, order, own, runtime))
        above = folder(host.name)
        files.update((f"{above}/{name}", content) for name, content in own.items())
        digests.update((f"{above}/{name}", digest(content)) for name, content in own.items())
    files[README] = readme.of_fleet(plan)
    files[FIREWALL] = as_csv(connections)
    digests.update((name, digest(files[name])) for name in (README, FIREWALL))
    files[MANIFEST] = of_bundle(plan, does, digests, list((runtimes or {}).values()))
    return files


def _host(host: Host, program: bytes) -> dict[str, bytes]:
    """Return the files of one host by their names in its folder."""
    files = {
        INSTALLER: program,
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
