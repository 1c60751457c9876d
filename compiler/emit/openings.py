"""Which connections a fleet makes: what firewalls between its hosts have to let through."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.listeners import listeners
from flumec.compiler.plan import Host, Plan

CLIENTS = "clients"
"""Stands for whoever sends to a source that listens; no host of the fleet does."""

_COLUMNS = "to_host,to_address,port,protocol,from_host,from_address,why\n"


class Opening(NamedTuple):
    """One connection that has to be let through, all over TCP."""

    to_host: str
    to_address: str
    port: int
    from_host: str
    from_address: str
    why: str


def openings(plan: Plan) -> list[Opening]:
    """Return them in the order of the hosts that they lead to."""
    links = {link for host in plan.hosts for link in _links(host)}
    clients = {opening for host in plan.hosts for opening in _clients(host)}
    rank = {host.name: number for number, host in enumerate(plan.hosts)}
    return sorted(links | clients, key=lambda each: (rank.get(each.to_host, len(rank)), each))


def by_host(found: Sequence[Opening]) -> Mapping[str, list[Opening]]:
    """Return those that lead to each host."""
    known: dict[str, list[Opening]] = {}
    for opening in found:
        known.setdefault(opening.to_host, []).append(opening)
    return known


def as_csv(found: Sequence[Opening]) -> bytes:
    """Return a table that a program reads."""
    lines = (
        ",".join(
            _cell(text)
            for text in (
                each.to_host, each.to_address, str(each.port), "tcp",
                each.from_host, each.from_address, each.why,
            )
        )
        for each in found
    )  # fmt: skip
    return (_COLUMNS + "".join(f"{line}\n" for line in lines)).encode()


def _links(host: Host) -> Iterator[Opening]:
    for agent in host.agents:
        for half in agent.senders:
            for peer in half.peers:
                yield Opening(
                    peer.host, peer.address, peer.port, host.name, host.address, half.link
                )


def _clients(host: Host) -> Iterator[Opening]:
    """Yield the sources that clients send to; what listens on the host alone needs no opening."""
    for agent in host.agents:
        links = {half.name for half in agent.receivers}
        for listener in listeners(agent):
            if listener.name not in links and not listener.address.startswith("127."):
                why = f"{agent.name}.{listener.name}"
                yield Opening(host.name, host.address, listener.port, CLIENTS, "any", why)


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text
