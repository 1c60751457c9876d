"""Where an agent listens: what its socket units open, and `flumec run` in their place."""

from collections.abc import Iterator

from flumec.compiler.plan import Agent
from flumec.runtime import metrics_port
from flumec.runtime.frozen import frozen


@frozen
class Listener:
    """One listening socket of an agent, by the name that its runtime asks for."""

    name: str
    address: str
    port: int
    bound: bool
    """Whether the file says the address, as `bind`; else it is the agent's own."""


def listeners(agent: Agent) -> Iterator[Listener]:
    """Yield the agent's listeners: its sources', its links', and the one that shows its metrics."""
    said = {part.name: part.values.get("bind") for part in agent.parts}
    said |= {half.name: half.values.get("bind") for half in agent.receivers}
    for name, port in agent.ports:
        address = said.get(name)
        yield Listener(name, str(address or agent.address), port, bool(address))
    if agent.metrics_port is not None:
        address = metrics_port.address_for(agent.address)
        yield Listener(metrics_port.SOCKET, address, int(agent.metrics_port), bound=True)
