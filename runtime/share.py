"""What one of several hosts gets of a channel that each of them reads for itself."""

from flumec.runtime.frozen import frozen


@frozen
class Share:
    """One host's part of what is put into the channel `of`: all, or what the header `key` chooses.

    Hosts with a higher `weight` are chosen by more values.
    """

    of: str
    host: str
    key: str | None = None
    weight: int = 1
