"""Components that the language has and the runtime has not yet, declared so that files are checked.

Each class moves into the runtime, with its behaviour, once that is there.
"""

from typing import Any, Literal

from flumec.runtime.component import (
    Component,
    Declared,
    Header,
    Interceptor,
    Secret,
    Sink,
    Source,
    between,
    not_empty,
    prop,
)
from flumec.runtime.sinks.dedup import Dedup

CODECS = Literal["none", "gzip", "lz4", "snappy", "zstd"]


class KafkaSource(Source, type="kafka"):
    """Read topics."""

    brokers: tuple[str, ...] = prop("The brokers, `host:port`.", check=not_empty())
    topics: tuple[str, ...] = prop("The topics.", check=not_empty())
    group: str = prop("The consumer group; without it the agent's name.", default="")
    password: Secret | None = prop("The password, for SASL.", default=None)
    user: str | None = prop("The user, for SASL.", default=None)

    @classmethod
    def brings(cls, values: dict[str, Any]) -> None:
        """Return that records may have any header."""


class KafkaSink(Sink, type="kafka"):
    """Write to a topic, its cursor in the topic's own transactions."""

    brokers: tuple[str, ...] = prop("The brokers, `host:port`.", check=not_empty())
    topic: str = prop(
        "The topic, which may have headers in it: `clicks-%{site}`.", check=not_empty()
    )
    key: Header | None = prop("The header that chooses the partition.", default=None)
    codec: CODECS = prop("How batches are compressed.", default="none")
    user: str | None = prop("The user, for SASL.", default=None)
    password: Secret | None = prop("The password, for SASL.", default=None)


class EverySource(Declared):
    """Properties of every source."""

    formerly: str | None = prop("The name it had in the last bundle.", default=None)


class EveryChannel(Declared):
    """Properties of every channel."""

    formerly: str | None = prop("The name it had in the last bundle.", default=None)


class EverySink(Declared):
    """Properties of every sink."""

    formerly: str | None = prop("The name it had in the last bundle.", default=None)
    workers: int = prop(
        "How many work in parallel, each path in order.", default=1, check=between(1, 64)
    )
    dedup: Dedup | None = prop("Write one copy of each event.", default=None)


COMPONENTS: tuple[type[Component], ...] = (KafkaSource, KafkaSink)
INTERCEPTORS: tuple[type[Interceptor], ...] = ()
EVERY: dict[str, type[Declared]] = {
    "source": EverySource,
    "channel": EveryChannel,
    "sink": EverySink,
}
