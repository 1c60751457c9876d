"""The port that shows an agent's metrics: where it listens, and what its socket is called."""

import ipaddress

SOCKET = "metrics-port"
"""The name of the socket that a service manager may pass; no component can have it."""


def address_for(agent_address: str) -> str:
    """Return where to listen: the agent's own loopback address if it has one, else 127.0.0.1."""
    try:
        loopback = ipaddress.ip_address(agent_address).is_loopback
    except ValueError:  # a name; it may resolve to anything, and metrics stay on the machine
        loopback = False
    return agent_address if loopback else "127.0.0.1"
