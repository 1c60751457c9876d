"""What a link's block in a .flow file may say: `tailer.spool => collector.spool { … }`."""

from collections.abc import Iterator
from typing import Any, Literal

from flumec.runtime.component import (
    ChannelRef,
    Contradiction,
    Duration,
    Header,
    Misfit,
    Port,
    Section,
    Size,
    at_least,
    between,
    prop,
)
from flumec.runtime.ending import FINISH
from flumec.runtime.tls.settings import Proven, unused

SENDERS = between(1, 5000)
"""Each sender costs its receiver three threads, which an agent's unit allows for each listener."""


class Fact(str):
    """A fact of each host of a link's ends, `host.site`."""

    __slots__ = ()


class Hash(Section, type="hash"):
    """`policy = hash(header.user)`: events with one value go to one host, in order."""

    key: Header = prop("The header whose value chooses the host.", kw_only=False)


class LinkSettings(Proven, type="arrow"):
    """Join a channel to a channel of another agent: frames over TCP, acknowledged when synced.

    The sender forwards what its channel holds; the receiver stores which rows it has together with
    the rows, so that killed processes, cut connections and lost replies lose and double none.
    """

    port: Port = prop(
        "The TCP port that the receivers listen on; links into one channel with equal port, wire "
        "and TLS share it.",
        check=between(Port(1), Port(65535)),
    )
    policy: Literal["single", "failover", "balance", "all"] | Hash | None = prop(
        "How several receiving hosts share the work: the next when one is gone, in turn, a copy to "
        "each, or by a header; `single` for a set of one host, which needs no policy.",
        default=None,
    )
    in_doubt: Literal["wait", "resend"] = prop(
        "What happens to what a lost receiver may have: it waits for that one (exactly once), or "
        "is sent to another (at least once).",
        default="resend",
    )
    spread: bool = prop(
        "Rotate the order of preference from sender to sender, so that no receiver is idle.",
        default=False,
    )
    within: Fact | None = prop(
        "Keep the link inside each value of a host's fact, such as `host.site`.", default=None
    )
    dead_letter: ChannelRef | None = prop(
        "A channel of the sending agent for events that the receiver rejects, with the headers "
        "`flumec.reason`, `flumec.sink` and `flumec.tries`; without one, they stop the link.",
        default=None,
    )
    time_out: Duration = prop(
        "How long the other end may be silent before it is taken for gone; asked for a sign of "
        "life three times as often.",
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
        "The largest frame on the wire; one that is larger is cut.",
        default=Size("64MiB"),
        check=between(Size("64KiB"), Size("64MiB")),
    )
    window: Size = prop(
        "The most bytes that one sender may have on the way, sent and not yet stored.",
        default=Size("16MiB"),
        check=at_least(Size("64KiB")),
    )
    memory: Size = prop(
        "What all senders of a receiver together may have on the way; each gets an equal share, at "
        "most `window` and at least 64KiB.",
        default=Size("64MiB"),
        check=at_least(Size("64KiB")),
    )
    senders: int = prop(
        "How many senders a receiver takes at once; more are told to come back later.",
        default=4096,
        check=SENDERS,
    )
    drain: Duration = prop(
        "How long a stopping sender waits for acknowledgements of what it has sent.",
        default=Duration("3s"),
        check=at_least(Duration("0s")),
    )

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield what cannot stand together."""
        yield from unused(values)
        if values["policy"] == "single":
            for name in ("spread", "within"):
                if values[name]:
                    yield Contradiction(
                        (name, "policy"), f"`{name}` chooses among hosts, and `single` has one"
                    )
        elif values["spread"] and values["policy"] not in (None, "failover", "balance"):
            yield Contradiction(
                ("spread", "policy"), "`spread` says who is preferred, and here nobody is"
            )

    @classmethod
    def misfits(cls, values: dict[str, Any]) -> Iterator[Misfit]:
        """Yield a window that no sender ever gets, and an end that the agent does not wait for."""
        window, memory = values["window"], values["memory"]
        if window > memory and window != cls.props["window"].default:
            yield Misfit(
                "window",
                "memory",
                f"a sender may have {window} on the way, and all of them together {memory}",
                f"`memory = {window}` for one sender and more for several, or a smaller `window`",
            )
        if values["drain"] > FINISH:
            end = Duration(FINISH)
            yield Misfit(
                "drain",
                "",
                f"an agent that stops gives a link {end} for its last acknowledgements, and ends "
                f"with an error if it still waits, as `drain = {values['drain']}` has it",
                f"`drain = {end}` or less: what is not acknowledged by then is sent again",
            )
