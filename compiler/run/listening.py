"""The sockets of an agent, opened by its parent so that connections wait while it restarts."""

import socket

from flumec.compiler.listeners import listeners
from flumec.compiler.plan import Agent
from flumec.compiler.run.errors import RunError
from flumec.runtime.errors import StartError
from flumec.runtime.metrics_port import SOCKET
from flumec.runtime.sockets import Sockets


def open_sockets(agent: Agent) -> dict[str, socket.socket]:
    """Return the agent's listening sockets by the names it asks for them; raise RunError."""
    opened: dict[str, socket.socket] = {}
    for each in listeners(agent):
        try:
            declared = "metrics_port" if each.name == SOCKET else "port"
            opened[each.name] = Sockets({}).listen(
                each.name, each.address, each.port, declared=declared
            )
        except StartError as error:
            for other in opened.values():
                other.close()
            raise RunError(f"agent `{agent.name}` of {agent.host}: {error}") from None
    return opened
