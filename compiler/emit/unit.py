"""One agent's service unit: watched, started again, and let at its own files only.

Options are those of systemd 252 (Debian 12); man pages systemd.service(5), systemd.exec(5).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from flumec.compiler.emit.paths import PYTHON, SCRIPTS, credential, socket_name
from flumec.compiler.emit.socket_units import opened
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit_text import about, setting, word
from flumec.compiler.listeners import listeners
from flumec.compiler.plan import Agent

PRIVILEGED = 1024
"""Ports below it are for root, and for who has CAP_NET_BIND_SERVICE."""

_WILD = frozenset("*?[")
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 compared with, never written to


def unit(agent: Agent) -> str:
    """Return the text of `flumec-<agent>.service`."""
    reads = [_folder(pattern) for pattern in agent.reads]
    touched = [*reads, *agent.writes]
    waiting = [listener for listener, _ in opened(agent)]
    alone = [listener for listener in listeners(agent) if listener not in waiting]
    privileged = any(listener.port < PRIVILEGED for listener in alone)
    return render(
        "agent.service.j2",
        description=setting(f"flumec agent {agent.name} on {agent.host}"),
        comments=about(agent),
        sockets=[socket_name(agent.name, listener.name) for listener in waiting],
        script=f"{SCRIPTS}/{agent.name}.py",
        python=PYTHON,
        user=setting(agent.user),
        state=f"flumec/{agent.name}",
        credentials=[setting(f"{name}:{credential(name)}") for name in agent.credentials],
        limits=list(_limits(agent.limits)),
        writes=[word(path) for path in dict.fromkeys(agent.writes)],
        homes="read-only" if _meets(touched, _HOMES) else "yes",
        own_temporary="no" if _meets(touched, _TEMPORARY) else "yes",
        capabilities="CAP_NET_BIND_SERVICE" if privileged else "",
    )


def _limits(limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings for an agent's `limits { memory, cpu, files }`."""
    if (memory := limits.get("memory")) is not None:
        yield f"MemoryMax={int(memory)}"
    if (cpu := limits.get("cpu")) is not None:
        yield f"CPUQuota={round(float(cpu) * 100)}%"
    if (files := limits.get("files")) is not None:
        yield f"LimitNOFILE={int(files)}"


def _folder(pattern: str) -> str:
    """Return the folder of a pattern's files, up to its first wildcard."""
    parts = PurePosixPath(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts) - 1)
    return str(PurePosixPath(*parts[:fixed])) if fixed else "/"


def _meets(paths: Sequence[str], folders: Sequence[str]) -> bool:
    """Return whether a path leads into one of the folders, or to what is above it."""
    inner = [f"{path.rstrip('/')}/" for path in paths]
    outer = [f"{folder}/" for folder in folders]
    return any(one.startswith(other) or other.startswith(one) for one in inner for other in outer)
