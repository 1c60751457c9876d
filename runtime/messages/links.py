"""RT3xx: what the ends of a link say."""

from flumec.runtime.messages.message import Message


class AcceptedAnew(Message, code="RT301", level="warning"):
    """A link goes on without what a receiver had, because somebody said that it is lost.

    Events that the receiver had acknowledged are not sent again. Those that it may have had are: to
    the other hosts of the link, or to whoever answers in its place.

    ## What to do

    Nothing: it is what `flumec link settle` was for. It is said once.
    """

    text = "link to {peer} goes on as accepted"
    peer: object


class NoConnection(Message, code="RT302", level="warning"):
    """A connection to the receiving end could not be taken.

    The sender tries again.

    ## What to do

    If the reason is too many open files, raise `files` in the agent's `limits`; if it is that no
    new thread can be started, spread the senders over more receivers. If it names nothing that can
    be done, it was a client that went away.
    """

    text = "cannot accept a connection: {reason}"
    reason: str


class ConnectionFault(Message, code="RT303", level="error"):
    """A connection ended by a mistake in flumec.

    The sender connects again and goes on from what is stored; nothing is lost or repeated.

    ## What to do

    Please report it with the reason.
    """

    text = "a connection ended by a fault of this program: {reason}"
    reason: str


class ProtocolBroken(Message, code="RT304", level="warning"):
    """Something connected to a link's port that does not speak the link's protocol, or broke it.

    The connection was closed. Nothing of it was stored.

    ## What to do

    If the address is no agent's, it is a scan or a health check: let it ask `/healthz` at the
    metrics port instead. If it is an agent, see that both ends run versions that know each other.
    """

    text = "{peer}: closed: {reason}"
    peer: object
    reason: object


class LinkRefused(Message, code="RT305", level="warning"):
    """A sender was refused; the reason says what does not fit.

    It waits and tries again, and its channel holds what comes.

    ## What to do

    Bring both ends to the same build: mostly one host has not got the new bundle yet, receivers
    first. If the reason speaks of rows that are missing, it is RT306.
    """

    text = "{peer}: refused: {reason}"
    peer: object
    reason: str


class LinkAlarm(Message, code="RT306", level="error"):
    """A sender found that this end lost what it had acknowledged.

    This end's journal was replaced, restored from a backup or cut. The link stops: going on would
    pass over the loss in silence.

    ## What to do

    Find out what became of the journal of this agent. If the events are gone for good, let the
    sender go on, as its own message says.
    """

    text = "{peer}: ALARM: {reason}"
    peer: object
    reason: str


class RowsRejected(Message, code="RT307", level="error"):
    """Rows of a sender were rejected for good.

    They become dead letters of the sender, if its link has such a channel. Else they stop its
    channel there: it asks again, every half minute, whether they are taken now.

    ## What to do

    Look at the reason. Once this end takes the rows (its chain is mended, it runs the sender's
    release, its `largest_frame` is larger), the link goes on by itself. If that is not to be, give
    the link a `dead_letter` channel.
    """

    text = "{peer}: rejected: {reason}"
    peer: object
    reason: str
