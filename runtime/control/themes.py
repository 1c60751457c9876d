"""All routes of an agent, theme by theme, and where they are served.

Who adds some writes a file and names it in ALL.
"""

from collections.abc import Callable

from flumec.runtime import logs, metrics_port, monitor
from flumec.runtime.control import channels, draining, pausing, place, replaying, status, tapping
from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Routes
from flumec.runtime.control.server import Server
from flumec.runtime.errors import StartError
from flumec.runtime.sockets import Sockets

ALL: tuple[Callable[[Routes, Inside], None], ...] = (
    monitor.add,
    status.add,
    pausing.add,
    draining.add,
    tapping.add,
    channels.add,
    replaying.add,
)


def every_route(inside: Inside) -> Routes:
    """Return all of them."""
    routes = Routes()
    for add in ALL:
        add(routes, inside)
    return routes


def serve(inside: Inside, sockets: Sockets) -> None:
    """Answer questions: all of them at the control socket, those that only look at the port."""
    routes = every_route(inside)
    agent = inside.agent
    if agent.metrics_port is not None:
        address = metrics_port.address_for(agent.address)
        name = metrics_port.SOCKET
        listener = sockets.listen(name, address, agent.metrics_port, declared="metrics_port")
        Server(name, listener, routes.only_shown())
    try:
        Server(place.NAME, place.listen(inside.state, inside.disk), routes)
    except OSError as error:
        raise StartError(f"its control socket cannot be made: {logs.reason(error)}") from None
