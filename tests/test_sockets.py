"""A port that has a socket unit is the unit's: an agent that was not given it does not bind it."""

import socket

import pytest
from flumec.runtime.errors import StartError
from flumec.runtime.sockets import WITH_UNIT, Sockets


def test_a_port_with_a_unit_is_not_bound_by_the_agent() -> None:
    environment = {WITH_UNIT: "events from_edge"}
    sockets = Sockets(environment)
    assert environment == {}

    with sockets.listen("metrics-port", "127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(StartError, match="the port is taken by"):
            sockets.listen("events", "127.0.0.1", port)
    with pytest.raises(StartError, match="the port is free now, and the next start opens it"):
        sockets.listen("events", "127.0.0.1", port)
    socket.create_server(("127.0.0.1", port)).close()
