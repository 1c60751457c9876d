"""What a host's installer is told: which file goes where, what is started, what must be there.

It stands in the host's manifest as `install`: plain data, which `flumec drift` compares a host with
too.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from flumec.compiler.paths import STATES, UNITS, credential, unit_name
from flumec.compiler.plan import Agent, Host, Plan
from flumec.runtime.component import Size

_CONFIGURATION = {
    "systemd/sysusers.conf": "/etc/sysusers.d/flumec.conf",
    "systemd/tmpfiles.conf": "/etc/tmpfiles.d/flumec.conf",
}
_UNIT = re.compile(r"systemd/([^/]+\.(?:service|socket|target|slice|path|timer))")
_WANTED = re.compile(r"^WantedBy=(.*)$", re.MULTILINE)


def installing(
    plan: Plan,
    host: Host,
    order: Mapping[str, int],
    files: Mapping[str, bytes],
    runtime: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what the installer needs to know of a host whose folder holds `files`; its agents are
    in the fleet's `order`.
    """
    agents = sorted(host.agents, key=lambda agent: order[agent.name])
    return {
        "host": host.name,
        "python": host.python,
        "arch": host.arch,
        "runtime": runtime,
        "flows": [name for name, _ in plan.inputs if name.endswith(".flow")],
        "files": {name: place for name in sorted(files) if (place := _place(name))},
        "links": dict(sorted(_links(files))),
        "agents": [_agent(agent, files) for agent in agents],
    }


def _place(name: str) -> str | None:
    """Return where on the host a file of the folder stands besides; most are in the folder only."""
    unit = _UNIT.fullmatch(name)
    return f"{UNITS}/{unit[1]}" if unit else _CONFIGURATION.get(name)


def _links(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the links by which systemd starts units at boot, as `systemctl enable` makes them."""
    for name, content in files.items():
        if unit := _UNIT.fullmatch(name):
            for wanted in _WANTED.findall(content.decode()):
                for target in wanted.split():
                    yield f"{UNITS}/{target}.wants/{unit[1]}", f"{UNITS}/{unit[1]}"


def _agent(agent: Agent, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what an agent needs; its units are the service, and the sockets that lead to it."""
    service = unit_name(agent.name)
    sockets = [
        unit[1]
        for name, content in sorted(files.items())
        if (unit := _UNIT.fullmatch(name)) and unit[1].endswith(".socket")
        if unit[1] == f"{service.removesuffix('.service')}.socket"
        or f"\nService={service}\n".encode() in content
    ]
    channels = [part for part in agent.parts if part.kind == "channel"]
    sizes = [
        part.values["size"] for part in channels if part.type == "file" and "size" in part.values
    ]
    return {
        "name": agent.name,
        "flow": agent.file,
        "service": service,
        "sockets": sockets,
        "user": agent.user,
        "reads": list(agent.reads),
        "writes": list(agent.writes),
        "ports": dict(agent.ports),
        "metrics_port": agent.metrics_port,
        "credentials": {name: credential(name) for name in agent.credentials},
        "state": f"{STATES}/{agent.name}",
        "journals": [
            str(PurePosixPath(each.values["directory"]))
            for each in agent.journals
            if each.values.get("directory") is not None
        ],
        "room": sum(int(size) for size in sizes if isinstance(size, Size)),
    }
