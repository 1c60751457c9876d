"""What a fleet has of all that can be declared: to be counted, so that one sees what was tried."""

from collections.abc import Callable, Iterator

from prove.shape import Chain, Link, Part, Shape
from prove.wider_sinks import ASIDE

Has = Callable[[Shape], bool]


def _parts(shape: Shape) -> Iterator[Part]:
    for agent in shape.agents:
        yield from (*agent.sources, *agent.channels, *agent.sinks)


def _kind(kind: str) -> Has:
    return lambda shape: any(part.kind == kind for part in _parts(shape))


def _says(name: str, value: str | None = None) -> Has:
    """Return whether a part or a link has a property; of a value, where one is given."""

    def has(shape: Shape) -> bool:
        said: list[Part | Link] = [*_parts(shape), *shape.links]
        found = [text for each in said if (text := each.value(name)) is not None]
        return any(value is None or text.startswith(value) for text in found)

    return has


def _members(count: int) -> Has:
    return lambda shape: any(
        len(reading.sinks) == count for agent in shape.agents for reading in agent.readings
    )


def _fact(name: str) -> Has:
    return lambda shape: any(
        agent.fact(host, name) for agent in shape.agents for host in agent.hosts
    )


def _harmed(kind: str) -> Has:
    return lambda shape: any(kind in part.harmed for part in _parts(shape))


def _chained(has: Callable[[Chain], bool]) -> Has:
    return lambda shape: any(has(chain) for agent in shape.agents for chain in agent.chains)


def _makes(header: str, step: str) -> Has:
    return _chained(
        lambda chain: any(made.startswith(step) and header in made for made in chain.steps)
    )


def _aside(has: Callable[[Part], bool]) -> Has:
    return lambda shape: any(part.name.startswith(ASIDE) and has(part) for part in _parts(shape))


FEATURES: dict[str, Has] = {
    "memory": _kind("memory"),
    "spill": _kind("spill"),
    "drop_oldest": _says("when_full", "drop_oldest"),
    "reject": _says("when_full", "reject"),
    "failover": _says("policy", "failover"),
    "balance": _says("policy", "balance"),
    "all": _says("policy", "all"),
    "hash": _says("policy", "hash"),
    "sites": _says("within"),
    "several targets": lambda shape: any(link.more for link in shape.links),
    "weights": _fact("weight"),
    "spread": _says("spread"),
    "no drain": _says("drain"),
    "hdfs": _kind("hdfs"),
    "folders": lambda shape: any("%" in (part.value("path") or "") for part in _parts(shape)),
    "workers": _says("workers"),
    "groups of two": _members(2),
    "groups of three": _members(3),
    "dead letters": _says("dead_letter"),
    "dedup": _says("dedup"),
    "copytruncate": _says("rotation", "copytruncate"),
    "poison": _harmed("poison"),
    "rejected": _harmed("bulk"),
    "filters by a fact": _chained(lambda chain: chain.spares),
    "routes by a fact": _chained(lambda chain: chain.by_host),
    "hash of users": _says("policy", "hash(header.user"),
    "folders of users": lambda shape: any(
        "%{user}" in (part.value("path") or "") for part in _parts(shape)
    ),
    "keys of clients": lambda shape: any("key" in part.sent for part in _parts(shape)),
    "keys of the clock": _makes("header.key", "timestamp"),
    "keys of the host": _makes("header.key", "host"),
    "keys of the body": _makes("header.key", "fingerprint(header.key, of = [body]"),
    "several journals": lambda shape: any(
        len({part.value("journal") for part in agent.channels if part.kind != "memory"}) > 1
        for agent in shape.agents
    ),
    "late syncs": lambda shape: any(
        part.value("sync") for agent in shape.agents for part in agent.journals
    ),
    "letters in memory": _aside(lambda part: part.kind in ("memory", "spill")),
    "letters that are dropped": _aside(lambda part: part.value("when_full") == "drop_oldest"),
    "keys of the body and more": _makes("header.key", "fingerprint(header.key, of = [header"),
}
"""Each by its name, in the order in which they are told."""


def features(shape: Shape) -> list[str]:
    """Return what a fleet has."""
    return [name for name, has in FEATURES.items() if has(shape)]
