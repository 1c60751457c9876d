"""POST /drain and /drain/cancel: the agent takes nothing more, and runs empty.

Other than a pause this outlives the process: what is taken away must not begin again by itself.
"""

from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Request, Routes, as_json


def add(routes: Routes, inside: Inside) -> None:
    """Let the agent be drained, and let that be taken back."""

    def drain(_request: Request) -> Answer:
        inside.draining.begin()
        return as_json({"draining": True})

    def cancel(_request: Request) -> Answer:
        return as_json({"draining": False, "needs_restart": inside.draining.cancel()})

    routes.add("POST", "/drain", drain)
    routes.add("POST", "/drain/cancel", cancel)
