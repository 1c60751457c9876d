"""A socket unit for each port that an agent listens on: connections wait while it restarts.

Options are those of systemd 252 (Debian 12); man page systemd.socket(5).
"""

import ipaddress
from collections.abc import Iterator

from flumec.compiler.emit.templates import render
from flumec.compiler.emit.unit_text import setting, warned
from flumec.compiler.listeners import Listener, listeners
from flumec.compiler.paths import STATES, socket_name
from flumec.compiler.plan import Agent
from flumec.runtime.draining import MARK
from flumec.runtime.sockets import BACKLOG


def socket_units(agent: Agent) -> dict[str, str]:
    """Return the texts of the agent's socket units, by the names that systemd knows them by."""
    return {
        socket_name(agent.name, listener.name): render(
            "agent.socket.j2",
            comments=warned(agent.file),
            description=setting(
                f"port {listener.port} of flumec agent {agent.name} on {agent.host}"
            ),
            service=agent.name,
            draining=f"{STATES}/{agent.name}/{MARK}",
            stream=stream,
            name=listener.name,
            backlog=BACKLOG,
        )
        for listener, stream in opened(agent)
    }


def opened(agent: Agent) -> Iterator[tuple[Listener, str]]:
    """Yield those of the agent's listeners that a unit can open, each with its ListenStream=."""
    for listener in listeners(agent):
        if (stream := _stream(listener)) is not None:
            yield listener, stream


def _stream(listener: Listener) -> str | None:
    """Return what systemd is to listen on; None where only the agent can tell, when it starts.

    A unit can't name a host. One that has no address but its name is reached at all it has: its own
    name is 127.0.1.1 to a Debian host. One that the file names as `bind` is meant, and no other.
    """
    text = "127.0.0.1" if listener.address == "localhost" else listener.address
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None if listener.bound else str(listener.port)
    if getattr(address, "scope_id", None):
        return None
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{listener.port}"
