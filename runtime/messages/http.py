"""RT2xx, the second half: what the source `http` says."""

from flumec.runtime.messages.message import Message


class RequestRefused(Message, code="RT251", level="error"):
    """The journal refused a request's events; the client was told 503 and sends again.

    It happens where the memory of request ids moved on meanwhile.

    ## What to do

    Nothing, if it happens once. If it goes on, please report it with the reason.
    """

    text = "the journal refused a request: {reason}"
    reason: str


class RequestFailed(Message, code="RT252", level="error"):
    """A request's events could not be put; the client was told 500.

    Nothing of the request was stored. The reason is a mistake in flumec or in an interceptor of
    yours, or that the journal has ended.

    ## What to do

    Look at the reason, and at `--log debug`. The client may send the same again.
    """

    text = "a request could not be put: {reason}"
    reason: str
