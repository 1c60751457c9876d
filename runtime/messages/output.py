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
    thought dead and came back. The other one knew of all that was published until then.

    ## What to do

    End this process for good. What it has received since its state was copied is in its channel
    only: `flumec channel export` takes it out, `replay` puts it into the other. If this is the one
    to go on, end the other and restart this one: RT406 then says how the folder is handed over.
    """

    text = "{reason}"
    reason: object


class OutputSuperseded(Message, code="RT406", level="error"):
    """The sink's directory is held by a start that this state doesn't know of, or is ahead of it.

    Either this state is an older copy, restored from a backup, or another copy of it was started:
    on a cloned machine, or while this one was frozen. If the sink went on, it would deliver once
    more what the other has delivered. So it takes nothing from its channel and looks again every
    few seconds; the agent's other sinks work.

    ## What to do

    Find the other: the message names its host. If it lives, it is the one that goes on. End this
    one, bring over what only this one has received (`flumec channel export` here, `replay` there),
    and give this machine a state of its own: an empty state directory.

    If the other is gone, or this one is to go on instead: end the other for good, see what its
    channel holds, and run the command at the message's end. It renames the folder to a name that
    means this state, so it also stops the other if that still runs. This one then goes on from its
    own cursor, and what was delivered since it was copied is delivered again, in files of other
    names.

    Where there never was another copy, the directory itself is an older one: it was restored from a
    backup, or its disk was not mounted at a start, which wrote below its mount point meanwhile. A
    disk that is back is known again, but not if the agent was killed while it wrote to the other
    place: bring that back first, start the agent there and stop it, as what is hidden there may lie
    nowhere else. In a directory from a backup, run the command: this state is the only one, and
    knows what it published, so nothing is delivered again.
    """

    text = "{reason}"
    reason: object
