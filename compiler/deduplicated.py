"""Which sinks leave copies of events out, and by what key they know them."""

from collections.abc import Iterator

from flumec.compiler.graph import Node
from flumec.compiler.model import Fleet, Settings, Value
from flumec.runtime.component import Header

DEDUP = "dedup"


def deduplicated(fleet: Fleet) -> Iterator[tuple[Node, Value]]:
    """Yield each sink with a `dedup`, and that."""
    for agent in fleet.agents.values():
        for sink in agent.components.values():
            held = sink.values.get(DEDUP)
            if held is not None and agent.name not in fleet.unsure:
                yield (agent.name, sink.name), held


def key_headers(dedup: Value) -> list[str]:
    """Return the headers that a `dedup` has its key from; none where it is the tag."""
    written = dedup.value.values if isinstance(dedup.value, Settings) else {}
    return headers_of(written.get("key"))


def headers_of(key: Value | None) -> list[str]:
    """Return the headers of a key, of a `dedup` or a check; none where it is the tag."""
    said = () if key is None else key.value
    found = said if isinstance(said, tuple | list) else [said]
    return [str(name) for name in found if isinstance(name, Header)]
