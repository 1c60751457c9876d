"""POST /channels/NAME/skip and /drop: what `flumec channel` has a running agent do.

The tool asks first whether a row may be skipped, then writes it into a file, then has it skipped.
"""

from http import HTTPStatus

from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Refusal, Request, Routes, as_json
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.records import Aside, Put, Refused


def add(routes: Routes, inside: Inside) -> None:
    """Let a poison row be skipped, and a removed channel be dropped."""
    consumers = {channel: consumer for consumer, channel in inside.consumers.items()}

    def skip(request: Request) -> Answer:
        channel, row = request.names["name"], request.field("row", int, -1)
        if (consumer := consumers.get(channel)) is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"nothing reads a channel `{channel}`")
        custody = inside.staff.custody(consumer)
        if not custody.stopped or custody.suspect is None or custody.suspect.row != row:
            raise Refusal(
                HTTPStatus.CONFLICT,
                f"`{channel}` is not stopped before row {row}, so `{consumer}` may have it in "
                "hand: stop the agent, and give the same command again",
            )
        if request.field("only_ask", bool, default=False):
            return as_json({"may_skip": row})
        ranges = ((row, row + 1),)
        put = Put(aside=Aside(consumer, ranges, "dropped"))
        outcome = inside.journals.of(channel).submit(put).result()
        if isinstance(outcome, Refused):
            raise Refusal(HTTPStatus.CONFLICT, outcome.reason)
        custody.give_up(ranges)
        return as_json({"skipped": row, "consumer": consumer})

    def drop(request: Request) -> Answer:
        try:
            dropped = inside.journals.drop(request.names["name"], request.field("reason", str, ""))
        except StateError as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from None
        return as_json({"rows": dropped.rows, "bytes": dropped.bytes})

    routes.add("POST", "/channels/{name}/skip", skip)
    routes.add("POST", "/channels/{name}/drop", drop)
