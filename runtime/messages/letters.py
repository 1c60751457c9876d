"""RT6xx: what becomes of events that cannot be delivered."""

from flumec.runtime.messages.message import Message


class DeadLettered(Message, code="RT601", level="warning"):
    """Events went to a sink's dead-letter channel, as the sink cannot deliver them.

    They are in that channel, once, with the reason, the sink and the number of tries in headers.
    The sink goes on with what follows.

    ## What to do

    Read them: `flumec channel export` shows a channel's events. When the reason is gone, let a sink
    read the channel, or put the events in again.
    """

    text = "dead letters to `{channel}`: {events}, from row {row} on: {reason}"
    events: int
    channel: str
    row: int
    reason: str


class Poison(Message, code="RT602", level="error"):
    """A row killed its sink three times, and there is no dead-letter channel for it.

    Its channel is stopped before this row; it keeps the row and what comes. All other channels go
    on, and of a group of sinks the other members. It stays stopped over restarts of the same
    program; another version, or another bundle, gets one more try.

    ## What to do

    Look at the row: `flumec channel export`. Then skip it (`flumec channel skip`), or give the sink
    a `dead_letter` channel, where it goes by itself. A sink that dies of an event is a mistake in
    that sink: please report it with the reason; `--log debug` shows where it died.
    """

    text = "row {row} of channel `{channel}`: {reason}"
    row: int
    channel: str
    reason: str


class LetterWithoutReason(Message, code="RT603", level="warning"):
    """A dead letter lacks the headers that say why: with them it would not fit into the journal.

    The largest put of a journal has 64 MiB, and this event is as large by itself. It is in the
    dead-letter channel as it came; why it went there is in this message alone.

    ## What to do

    Keep this message with the event. Events of such a size belong into files of their own: look at
    what makes them.
    """

    text = "row {row} went to `{channel}` without the headers that say why: {reason}"
    row: int
    channel: str
    reason: str
