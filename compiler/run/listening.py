"""The sockets of an agent, opened by its parent so that connections wait while it restarts."""

import socket

from flumec.compiler.plan import Agent
from flumec.compiler.run.errors import RunError
from flumec.runtime.errors import StartError
from flumec.runtime.sockets import Sockets


def open_sockets(agent: Agent) -> dict[str, socket.socket]:
    """Return a listening socket for each port of the agent, by its component; raise RunError."""
    addresses = {part.name: part.values.get("bind") for part in agent.parts}
    addresses |= {half.name: half.values.get("bind") for half in agent.receivers}
    opened: dict[str, socket.socket] = {}
    for name, port in agent.ports:
        try:
            address = addresses.get(name) or agent.address
            opened[name] = Sockets({}).listen(name, str(address), port)
        except StartError as error:
            for each in opened.values():
                each.close()
            raise RunError(f"agent `{agent.name}` of {agent.host}: {error}") from None
    return opened
