"""All routes of an agent, theme by theme; who adds some writes a file and names it here."""

from collections.abc import Callable

from flumec.runtime import monitor
from flumec.runtime.control import pausing, status, tapping
from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Routes

ALL: tuple[Callable[[Routes, Inside], None], ...] = (
    monitor.add,
    status.add,
    pausing.add,
    tapping.add,
)


def every_route(inside: Inside) -> Routes:
    """Return all of them."""
    routes = Routes()
    for add in ALL:
        add(routes, inside)
    return routes
