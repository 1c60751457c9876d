"""The sending end of an `arrow` link: a channel's one consumer."""

from typing import TYPE_CHECKING, ClassVar

from flumec.runtime.component import (
    Duration,
    Sink,
    Size,
    at_least,
    between,
    not_empty,
    prop,
)
from flumec.runtime.links.peer import Peer
from flumec.runtime.tls.settings import Proven

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext


class ArrowSender(Proven, Sink, type="arrow"):
    """Forward a channel's frames as they lie in the journal; settle what the receiver has synced.

    Exact through killed processes, cut connections and lost replies: the receiver keeps which rows
    it has in the same transaction as the rows, and says so when the link is opened again.
    """

    kind: ClassVar = "sender"
    commit = "idempotent"

    link: str = prop("The link's name, equal at both ends.", check=not_empty())
    wire: str = prop("A digest of what both ends must agree on.", check=not_empty())
    peers: tuple[Peer, ...] = prop(
        "Where the receiver is; one, since `policy = single`.", check=not_empty()
    )
    time_out: Duration = prop(
        "How long the receiver may be silent before it is taken for gone; asked for a sign of life "
        "three times as often.",
        default=Duration("15s"),
        check=at_least(Duration("300ms")),
    )
    connect_time_out: Duration = prop(
        "How long one attempt to connect, and the answer to it, may take.",
        default=Duration("5s"),
        check=between(Duration("100ms"), Duration("60s")),
    )
    back_off: Duration = prop(
        "The longest wait between two attempts to connect; they begin at 100ms and double, less a "
        "random part.",
        default=Duration("10s"),
        check=at_least(Duration("100ms")),
    )
    largest_frame: Size = prop(
        "The largest frame sent; one that is larger is cut.",
        default=Size("64MiB"),
        check=between(Size("64KiB"), Size("64MiB")),
    )
    drain: Duration = prop(
        "How long a stopping agent waits for acknowledgements of what it has sent; what has none "
        "by then is asked for at the next start.",
        default=Duration("3s"),
        check=at_least(Duration("0s")),
    )

    def run(self, context: "SenderContext") -> None:
        """Connect and forward until the agent stops."""
        from flumec.runtime.links.sending import Sending

        Sending(self, context).run()
