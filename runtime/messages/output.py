"""RT4xx: what sinks that write files say."""

from flumec.runtime.messages.message import Message


class FewerOpen(Message, code="RT401", level="warning"):
    """Fewer files are kept open than the sink was told, as the process may not open so many.

    Files are rolled sooner, so there are more and smaller ones. No event is lost.

    ## What to do

    Raise `files` in the agent's `limits`, or lower `max_open`.
    """

    text = (
        "at most {most} files are kept open, not `max_open = {wanted}`: for so many, raise `files` "
        "in the agent's `limits`"
    )
    most: int
    wanted: int


class HiddenFileStays(Message, code="RT402", level="warning"):
    """A hidden file that was given up could not be removed.

    Its events are written again into another. It is removed at the next start, if that is possible.

    ## What to do

    See why the target refuses to delete: a right, or a server that does not answer.
    """

    text = "cannot remove `{name}`: {reason}"
    name: str
    reason: object


class LeftoversStay(Message, code="RT403", level="warning"):
    """A directory that the sink wrote to before cannot be looked at.

    Hidden files of an earlier start may lie there. None of them was published, and none of their
    events is missing elsewhere.

    ## What to do

    If the directory is to go, remove its hidden folder `.flumec` by hand. If it is to stay, make it
    reachable: the next start cleans it.
    """

    text = "what may be hidden in `{place}` stays there: {reason}"
    place: str
    reason: object


class Undelivered(Message, code="RT404", level="warning"):
    """The agent ended while the sink's target could not be written.

    What was not delivered is in the sink's channel and is delivered after the next start.

    ## What to do

    Do what the reason asks for; mostly the target was away.
    """

    text = "stopped with events undelivered: {reason}"
    reason: object


class OutputTakenOver(Message, code="RT405", level="error"):
    """Another start of this agent took over the sink's directory, so this one publishes nothing.

    There is a second process with a copy of the state: a machine that was cloned, or one that was
    thought dead and came back.

    ## What to do

    End this process for good; the other one has all that this one had stored when it was copied.
    If this is the newer one of the two (the other was frozen while it started, and woke), end the
    other, and restart this one; then compare what both have published.
    """

    text = "{reason}"
    reason: object
