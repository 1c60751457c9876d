"""The `http` source: clients POST events as JSON, and a 200 means that they are stored."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import (
    Check,
    Contradiction,
    Duration,
    Misfit,
    Port,
    Secret,
    Size,
    Source,
    Start,
    at_least,
    between,
    prop,
)
from flumec.runtime.failure import Failure, Harm
from flumec.runtime.risk import Risk
from flumec.runtime.sources.headers import ClientHeaders
from flumec.runtime.tls.settings import CERTIFICATE, Proven, Tls, unused

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext


class Http(Proven, Source, type="http"):
    """Take events that clients POST as JSON, as Apache Flume does.

    A request holds `[{"headers": {"kind": "click"}, "body": "text"}, …]`. The answer 200 comes
    after the events are in the journal; 503 with Retry-After when a channel is full, at once if it
    rejects and else after a moment; 400 says what is wrong and where. A client that hears
    nothing may repeat the request: with `request_id` one that was stored is answered 200 and not
    stored again.
    """

    start: ClassVar[Start] = "acknowledgement"
    refuses: ClassVar[bool] = True
    largest: ClassVar[tuple[str, ...]] = ("max_body",)

    port: Port = prop("The TCP port to listen on.", check=between(1, 65_535))
    bind: str | None = prop(
        "The address to listen on; without it the agent's address.", default=None
    )
    tls: Tls = prop(
        "Speak https, by TLS 1.2 or 1.3: with `server` the source proves by a certificate who it "
        "is, with `mutual` each client does too.",
        default="none",
    )
    certificate: Secret = prop(
        "The host's credential with its certificate, in the names that clients call it by, and "
        "those between it and the authority (PEM).",
        default=CERTIFICATE,
    )
    path: str = prop(
        "The path that requests are sent to.",
        default="/",
        check=Check("a path that begins with `/`", lambda value: value.startswith("/")),
    )
    max_body: Size = prop(
        "The largest request; a larger one is answered 413.",
        default=Size("8MiB"),
        check=between(Size("1B"), Size("32MiB")),
    )
    max_pending: Size = prop(
        "Most bytes of requests in memory at once, all clients together; more is answered 503.",
        default=Size("64MiB"),
        check=at_least(Size("1B")),
    )
    max_connections: int = prop(
        "Most connections at once; requests on more are answered 503.",
        default=1_000,
        check=between(1, 100_000),
    )
    timeout: Duration = prop(
        "How long a client may take to send a request, and for the journal to store it.",
        default=Duration("30s"),
        check=between(Duration("10ms"), Duration("1h")),
    )
    request_id: str | None = prop(
        "The HTTP header that names a request, such as `Idempotency-Key`; a name that was stored "
        "is answered 200 and not stored again.",
        default=None,
    )
    request_ids: int = prop(
        "How many of the newest request names are remembered.",
        default=1_000,
        check=between(1, 100_000),
    )

    headers: ClientHeaders | None = prop(
        "Which headers the events of clients must have, and may have; without it any.",
        default=None,
    )

    @classmethod
    def brings(cls, values: dict[str, Any]) -> tuple[str, ...] | None:
        """Return the headers that are listed, if no others are kept."""
        declared = values["headers"]
        return None if declared is None or declared.others == "keep" else declared.listed

    @classmethod
    def requires(cls, values: dict[str, Any]) -> tuple[str, ...]:
        """Return the headers without which a request is refused."""
        declared = values["headers"]
        return () if declared is None else tuple(map(str, declared.required))

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield a bound on memory that not even one request fits in, and files without a use."""
        yield from unused(values)
        if values["max_pending"] < values["max_body"]:
            yield Contradiction(
                ("max_pending", "max_body"),
                "`max_pending` must be at least `max_body`, or no request fits",
            )

    @classmethod
    def misfits(cls, values: dict[str, Any]) -> Iterator[Misfit]:
        """Yield fewer names than clients, each of whom may have a request to repeat."""
        names, clients = values["request_ids"], values["max_connections"]
        if values["request_id"] is not None and names < clients:
            yield Misfit(
                "request_ids",
                "max_connections",
                f"{clients:,} clients may each repeat a request, and the names of {names:,} are "
                "remembered: what comes again later is stored twice",
                f"`request_ids = {clients}` or more, or fewer `max_connections`",
            )

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield that a request is stored as often as it is sent, unless it has a name."""
        named, unless = values["request_id"], ""
        if named is not None:
            unless = (
                f"each request has an id of its own in `{named}`, and is repeated with it, to the "
                f"same host, before {values['request_ids']:,} newer ones came there"
            )
        for failure in (Failure.CLIENT_RETRIED, Failure.REPLY_LOST):
            yield Risk(
                failure,
                Harm.REPEATS,
                "a client that heard nothing repeats a request that may be stored",
                '`request_id = "Idempotency-Key"`, or a `dedup` at the sink that all copies come '
                "to, by what they have in common",
                unless=unless,
            )

    @classmethod
    def assumptions(cls, values: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG003 always
        """Yield what clients must do."""
        yield "clients repeat what was not answered 200"

    def run(self, context: "SourceContext") -> None:
        """Serve until the agent stops, then finish what is under way."""
        from flumec.runtime.http.server import serve

        serve(self, context)
