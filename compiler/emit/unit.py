"""One agent's service unit: watched, started again, and let at its own files only.

Options are those of systemd 252 (Debian 12); man pages systemd.service(5), systemd.exec(5).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from flumec.compiler.bind.agent_settings import FILES
from flumec.compiler.emit.socket_units import opened
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit_text import about, bound, setting
from flumec.compiler.emit.view import groups, view
from flumec.compiler.listeners import listeners
from flumec.compiler.paths import CURRENT, PYTHON, README, SCRIPTS, credential, socket_name
from flumec.compiler.plan import Agent
from flumec.runtime.links.settings import LinkSettings
from flumec.runtime.metrics_port import SOCKET
from flumec.runtime.sockets import WITH_UNIT

_TASKS = 16_384
"""Of an agent with one listener, whatever its `senders` say: 5,000 at most."""

_ALL_ELSE = 1_384
"""Sources, sinks, journals, and who has connected and not said who it is."""

_SENDERS: int = LinkSettings.props["senders"].default

PRIVILEGED = 1024
"""Ports below it are for root, and for who has CAP_NET_BIND_SERVICE."""


def unit(agent: Agent) -> str:
    """Return the text of `flumec-<agent>.service`."""
    sees = view(agent)
    waiting = [listener for listener, _ in opened(agent)]
    alone = [listener for listener in listeners(agent) if listener not in waiting]
    privileged = any(listener.port < PRIVILEGED for listener in alone)
    return render(
        "agent.service.j2",
        description=setting(f"flumec agent {agent.name} on {agent.host}"),
        comments=about(agent),
        sockets=[socket_name(agent.name, listener.name) for listener in waiting],
        with_unit=WITH_UNIT,
        doors=[listener.name for listener in waiting if listener.name != SOCKET],
        script=f"{SCRIPTS}/{agent.name}.py",
        readme=f"{CURRENT}/{README}",
        python=PYTHON,
        user=setting(agent.user),
        name=f"flumec-{agent.name}",
        state=f"flumec/{agent.name}",
        secrets=[setting(name) for name in agent.credentials],
        credentials=[setting(f"{name}:{credential(name)}") for name in agent.credentials],
        limits=list(_limits(agent.limits)),
        tasks=_tasks(agent),
        groups=[setting(name) for name in groups(agent)],
        empty=sees.empty,
        homes=sees.homes,
        own_temporary="yes" if sees.own_temporary else "no",
        reads=[bound(path) for path in sees.reads],
        writes=[bound(path) for path in sees.writes],
        capabilities="CAP_NET_BIND_SERVICE" if privileged else "",
    )


def _limits(limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings for an agent's `limits { memory, cpu, files }`.

    Without `files` there are as many as a thousand clients and sinks with hundreds of files need.
    """
    if (memory := limits.get("memory")) is not None:
        yield f"MemoryMax={int(memory)}"
    if (cpu := limits.get("cpu")) is not None:
        yield f"CPUQuota={round(float(cpu) * 100)}%"
    yield f"LimitNOFILE={int(limits.get('files') or FILES)}"


def _tasks(agent: Agent) -> int:
    """Return how many threads an agent may have: three for each sender that any of its listeners
    takes, as many for each peer, and what is left of those of one listener for all else.
    """
    senders = sum(int(half.values.get("senders", _SENDERS)) for half in agent.receivers)
    return max(_TASKS, _ALL_ELSE + 3 * (senders + len(agent.senders)))
