"""POST /channels/NAME/replay: a piece of a file into a channel; GET there: how far each file is.

A piece is stored whole, with its position, or not at all: who repeats one as its answer was lost
hears that the position is another by now. A full channel is answered after a moment, so that no
request waits longer than the one who sent it.
"""

from http import HTTPStatus

from flumec.runtime.channel.piece import LARGEST, Piece
from flumec.runtime.channel.replayed import SOURCE
from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Refusal, Request, Routes, as_json
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.journal import Journal
from flumec.runtime.journal.records import Full, Refused

PATIENCE = 1.0
"""Seconds that a piece waits for room."""


def add(routes: Routes, inside: Inside) -> None:
    """Let exported events be put back."""
    durable = [channel.name for channel in inside.agent.channels if channel.durable]

    def journal(request: Request) -> Journal:
        if (name := request.names["name"]) not in durable:
            raise Refusal(
                HTTPStatus.NOT_FOUND,
                f"`{inside.agent.name}` has no channel `{name}` on disk; it has "
                f"{', '.join(durable) or 'none'}",
            )
        return inside.journals.of(name)

    def positions(request: Request) -> Answer:
        known = journal(request).positions(SOURCE)
        return as_json({key.hex(): progress.to.hex() for key, progress in known.items()})

    def replay(request: Request) -> Answer:
        target = journal(request)
        if not isinstance(request.body, bytes):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a piece of a replay is expected")
        try:
            piece = Piece.unpack(request.body, request.names["name"])
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        deadline = inside.clock.monotonic() + PATIENCE
        late = lambda: inside.clock.monotonic() >= deadline  # noqa: E731
        try:
            outcome = target.submit(piece.put, wait=True, stopping=late).result()
        except StateError as error:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
        match outcome:
            case Full():
                return as_json({"full": outcome.channel})
            case Refused():
                return as_json({"refused": outcome.reason})
        return as_json({"first": outcome.first, "rows": outcome.rows})

    routes.add("GET", "/channels/{name}/replay", positions)
    routes.add("POST", "/channels/{name}/replay", replay, raw=LARGEST)
