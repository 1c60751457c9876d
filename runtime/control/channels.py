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

    def skip(request: Request) -> Answer:
        channel, row = request.names["name"], request.field("row", int, -1)
        readers = [name for name, read in inside.consumers.items() if read == channel]
        if not readers:
            raise Refusal(HTTPStatus.NOT_FOUND, f"nothing reads a channel `{channel}`")
        stopped = (name for name in readers if _stopped_before(inside, channel, name) == row)
        if (consumer := next(stopped, None)) is None:
            raise Refusal(
                HTTPStatus.CONFLICT,
                f"`{channel}` is not stopped before row {row}, so `{'` or `'.join(readers)}` may "
                "have it in hand: stop the agent, and give the same command again",
            )
        custody = inside.staff.custody(consumer)
        assert custody.suspect is not None
        if request.field("only_ask", bool, default=False):
            return as_json({"may_skip": row})
        ranges = ((custody.suspect.row, custody.suspect.row + 1),)
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


def _stopped_before(inside: Inside, channel: str, consumer: str) -> int | None:
    """Return the row before which a consumer is stopped, None if it is not."""
    custody = inside.staff.custody(consumer)
    if not custody.stopped or custody.suspect is None:
        return None
    return inside.journals.of(channel).consumer(consumer).row(custody.suspect.row)
