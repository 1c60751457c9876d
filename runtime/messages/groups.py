"""RT7xx: what becomes of a channel that several sinks share, or a link's hosts."""

from flumec.runtime.messages.message import Message


class TookOver(Message, code="RT701", level="warning"):
    """Another member of a failover group gets the channel's events now.

    A member is a sink, or the sending end of a link to one of its hosts. It happens when the
    preferred one has failed for some seconds (a link for half a second), is paused or has stopped,
    and again when it works: then it takes over by itself.

    ## What to do

    Nothing for the events: they are where they are to be. Look at the sink that failed, or at the
    host that is away; the member's own messages, and `flumec status`, say why.
    """

    text = "takes over from `{before}` in {group}: {reason}"
    group: str
    before: str
    reason: str


class GaveBack(Message, code="RT702", level="warning"):
    """A member of a group failed, and the others deliver what it had.

    Events that a sink surely did not publish, or a link did not send, go to another member, once.
    For those of which nobody knows, as the target or host is away, `in_doubt` decides: with `wait`
    they stay with this member until it can find out, and with `resend` another one delivers them
    again. What a link's host has acknowledged, or rejected, goes nowhere.

    ## What to do

    Bring the sink's target or the link's host back. With `resend`, events may be there twice: the
    message says how many at most.
    """

    text = (
        "gave {given} events back to its group, of which {resent} may be delivered twice; "
        "{waiting} wait for it: {reason}"
    )
    given: int
    resent: int
    waiting: int
    reason: str


class NobodyDelivers(Message, code="RT703", level="error"):
    """No member of a group works.

    Its channel keeps what it has and what comes, as long as there is room.

    ## What to do

    Bring one of the sinks' targets, or of the link's hosts, back: its member goes on by itself.
    """

    text = "no member of {group} at channel `{channel}` works: {reasons}"
    group: str
    channel: str
    reasons: str


class RemovedInDoubt(Message, code="RT704", level="error"):
    """A member was taken out of a group while it had events that may have arrived, or may not.

    The group says `in_doubt = wait`, so nobody repeats them, and nobody is left who could find out.
    They stay in the channel.

    ## What to do

    Put the sink back into the group, or the host into the link, until it has settled them. Or look
    at what it has, and say `in_doubt = resend`: then another member delivers them, twice if they
    had arrived. A host that was renamed is put back under its old name, at its new address.
    """

    text = (
        "the removed member `{member}` of channel `{channel}` has {rows} events in doubt, which "
        "wait for it: put it back, or say `in_doubt = resend`"
    )
    member: str
    channel: str
    rows: int
