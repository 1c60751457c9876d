"""Links between agents, each cut into a sending and a receiving half that agree by construction."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flumec.compiler.facts import alike
from flumec.compiler.graph import ends
from flumec.compiler.letters import letters_of
from flumec.compiler.model import Agent, End, Fleet, Host, Link
from flumec.compiler.plan import Peer, ReceivingHalf, SendingHalf
from flumec.compiler.secured import tls_of
from flumec.compiler.values import canonical, resolve

AGREED = ("port", "policy", "tls")
"""The properties of a link that both ends must agree on."""

Address = Callable[[Host], str]
OriginOf = Callable[[Any], str]
_Receiver = tuple[str, Host, Peer]
"""A receiving host of a link with its agent's name."""


class Wires:
    """The links of a fleet by the agents that they join, with names that are unique in each."""

    def __init__(self, fleet: Fleet, address: Address, origin: OriginOf) -> None:
        self._fleet, self._address, self._origin = fleet, address, origin
        self._peers: dict[int, tuple[_Receiver, ...]] = {}
        self._sent: dict[str, list[Link]] = {}
        self._received: dict[str, list[tuple[Link, End]]] = {}
        for link in fleet.links:
            self._sent.setdefault(link.sender.agent, []).append(link)
            for end in link.targets:
                self._received.setdefault(end.agent, []).append((link, end))

    def differs(self, agent: Agent) -> bool:
        """Return whether an agent's links lead elsewhere, or in another order, from some hosts."""
        return any(link.values.keys() & {"spread", "within"} for link in self._sent_by(agent))

    def sending(self, agent: Agent, host: Host) -> tuple[SendingHalf, ...]:
        """Return the sending halves of an agent on a host; one for each of a link's several peers,
        in order of preference.
        """
        taken = set(agent.components)
        return tuple(
            half for link in self._sent_by(agent) for half in self._senders(link, host, taken)
        )

    def _sent_by(self, agent: Agent) -> list[Link]:
        return self._sent.get(agent.name, [])

    def receiving(self, agent: Agent, host: Host) -> tuple[ReceivingHalf, ...]:
        """Return an agent's listeners on `host`: links of equal port, wire and TLS share one."""
        listeners: dict[tuple[str, int, str], list[tuple[Link, End]]] = {}
        for link, end in self._received.get(agent.name, ()):
            key = (link.via, self._port(link, host), tls_of(link))
            listeners.setdefault(key, []).append((link, end))
        taken = set(agent.components) | {half.name for half in self.sending(agent, host)}
        return tuple(
            self._receiver(port, links, host, taken) for (_, port, _), links in listeners.items()
        )

    def letters(self, agent: Agent) -> Iterator[str]:
        """Yield an agent's channels for what is given up, or late, that nothing else names."""
        wired = {chain.start for chain in agent.chains}
        wired |= {target.name for chain in agent.chains for target in ends(chain) if target.name}
        wired |= {link.sender.component for link in self._sent_by(agent)}
        wired |= {end.component for _, end in self._received.get(agent.name, ())}
        said = [value for part in agent.components.values() for value in letters_of(part)]
        said += [
            link.values["dead_letter"]
            for link in self._sent_by(agent)
            if "dead_letter" in link.values
        ]
        letters = {str(value.value) for value in said}
        yield from (name for name in agent.components if name in letters - wired)

    def _senders(self, link: Link, host: Host, taken: set[str]) -> Iterator[SendingHalf]:
        chosen = choose(link, host, self._receivers(link))
        for agent, peer_host, peer in chosen:
            word = agent if len(chosen) == 1 else peer.host
            yield SendingHalf(
                name=_free(_word("to", word), link.sender.component, taken),
                link=title(link),
                channel=link.sender.component,
                via=link.via,
                peers=(peer,),
                wire=wire(link),
                values=self._values(link, peer_host),
                origin=self._origin(link.span),
            )

    def _receiver(
        self, port: int, links: list[tuple[Link, End]], host: Host, taken: set[str]
    ) -> ReceivingHalf:
        first = links[0][0]
        senders = list(dict.fromkeys(link.sender.agent for link, _ in links))
        word = _word("from", senders[0]) if len(senders) == 1 else f"{first.via}_{port}"
        return ReceivingHalf(
            name=_free(word, str(port), taken),
            via=first.via,
            port=port,
            address=self._address(host),
            links=tuple((title(link), wire(link), end.component) for link, end in links),
            values=self._values(first, host),
            origin=self._origin(first.span),
        )

    def _receivers(self, link: Link) -> tuple["_Receiver", ...]:
        """Return every host of every target, in the file's order; made once for a link."""
        if id(link) not in self._peers:
            self._peers[id(link)] = tuple(
                (end.agent, host, self._peer(link, host))
                for end in link.targets
                for host in self._fleet.agents[end.agent].hosts.hosts
            )
        return self._peers[id(link)]

    def _peer(self, link: Link, host: Host) -> Peer:
        weight = int(host.facts.get("weight", 1))
        return Peer(host.name, self._address(host), self._port(link, host), weight)

    def _values(self, link: Link, host: Host) -> dict[str, Any]:
        return {
            name: resolve(value.value, host, self._address(host))
            for name, value in link.values.items()
        }

    def _port(self, link: Link, host: Host) -> int:
        return int(resolve(link.values["port"].value, host, self._address(host)))


def choose(link: Link, host: Host, peers: Sequence["_Receiver"]) -> Sequence["_Receiver"]:
    """Return the peers of a link from a host, the preferred one first.

    `within` leaves those that share the host's fact; `spread` begins at another one from each host.
    """
    if (within := link.values.get("within")) is not None:
        peers = [peer for peer in peers if alike(within.value, host, peer[1])]
    spread = link.values.get("spread")
    if spread is None or not spread.value or not peers:
        return peers
    turn = host.index % len(peers)
    return [*peers[turn:], *peers[:turn]]


def title(link: Link) -> str:
    """Return a link as pictures, logs and both ends name it: `tailer.spool => collector.inbox`."""
    targets = ", ".join(f"{end.agent}.{end.component}" for end in link.targets)
    return f"{link.sender.agent}.{link.sender.component} => {targets}"


def wire(link: Link) -> str:
    """Return the digest by which both ends know that they were made from one declaration."""
    agreed = {name: canonical(link.values[name]) for name in AGREED if name in link.values}
    data = json.dumps([title(link), link.via, agreed], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def _word(direction: str, agent: str) -> str:
    return f"{direction}_{re.sub('[^0-9A-Za-z]', '_', agent)}"


def _free(name: str, longer: str, taken: set[str]) -> str:
    """Return `name`, or where it is taken a longer one, and remember it as taken."""
    if name in taken:
        name = f"{name}_{longer}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name
