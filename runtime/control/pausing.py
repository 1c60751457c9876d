"""POST /sinks/NAME/pause and /resume: a sink or link rests, and its channel holds what comes.

A pause is of the running process alone: whatever starts the agent again also resumes it. So a pause
that somebody forgot does not fill a disk for longer than the agent lives; what is to rest for good
is taken out of the .flow file.
"""

import math
from http import HTTPStatus

from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Refusal, Request, Routes, as_json
from flumec.runtime.worker import Worker


def add(routes: Routes, inside: Inside) -> None:
    """Let consumers be paused and resumed."""
    consumers = {worker.name: worker for worker in inside.staff.consumers}

    def found(request: Request) -> Worker:
        name = request.names["name"]
        if (worker := consumers.get(name)) is None:
            raise Refusal(
                HTTPStatus.NOT_FOUND,
                f"`{inside.agent.name}` has no sink or link `{name}`; it has "
                f"{', '.join(consumers) or 'none'}",
            )
        return worker

    def pause(request: Request) -> Answer:
        worker = found(request)
        seconds = request.field("seconds", float, None)
        if seconds is not None and not 0 < seconds < math.inf:
            raise Refusal(HTTPStatus.BAD_REQUEST, "`seconds` must be more than 0")
        worker.pause(seconds)
        return as_json({"paused": worker.name, "seconds": seconds})

    def resume(request: Request) -> Answer:
        worker = found(request)
        was = worker.paused
        worker.resume()
        return as_json({"resumed": worker.name, "was_paused": was})

    routes.add("POST", "/sinks/{name}/pause", pause)
    routes.add("POST", "/sinks/{name}/resume", resume)
