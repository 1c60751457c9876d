"""The receiving end of `arrow` links: one port, by which several links may come in."""

from typing import TYPE_CHECKING, ClassVar

from flumec.runtime.component import (
    Component,
    Duration,
    Port,
    Size,
    at_least,
    between,
    prop,
)
from flumec.runtime.links.settings import SENDERS
from flumec.runtime.tls.settings import Proven

if TYPE_CHECKING:
    from flumec.runtime.context import ReceiverContext


class ArrowReceiver(Proven, Component, type="arrow"):
    """Take frames into channels; each is acknowledged when its group is synced.

    A full channel stops granting credit, which stops the senders, their channels and then their
    sources. It is never taken for dead: signs of life flow beside the credit.
    """

    kind: ClassVar = "receiver"

    port: Port = prop("The TCP port that it listens on.", check=between(Port(0), Port(65535)))
    bind: str = prop("The address that it listens on; by default the agent's.", default="")
    time_out: Duration = prop(
        "How long a sender may be silent before it is taken for gone; asked for a sign of life "
        "three times as often.",
        default=Duration("15s"),
        check=at_least(Duration("300ms")),
    )
    hello_time_out: Duration = prop(
        "How long a new connection has to say who it is.",
        default=Duration("5s"),
        check=between(Duration("100ms"), Duration("60s")),
    )
    largest_frame: Size = prop(
        "The largest frame taken; senders are told, and cut larger ones.",
        default=Size("64MiB"),
        check=between(Size("64KiB"), Size("64MiB")),
    )
    window: Size = prop(
        "The most bytes that one sender may have on the way, sent and not yet stored.",
        default=Size("16MiB"),
        check=at_least(Size("64KiB")),
    )
    memory: Size = prop(
        "What all senders together may have on the way; each gets an equal share, at most `window` "
        "and at least 64KiB.",
        default=Size("64MiB"),
        check=at_least(Size("64KiB")),
    )
    senders: int = prop(
        "How many senders may be connected at once; more are told to come back later.",
        default=4096,
        check=SENDERS,
    )

    def run(self, context: "ReceiverContext") -> None:
        """Listen and take what comes until the agent stops."""
        from flumec.runtime.links.receiving import Receiving

        Receiving(self, context).run()
