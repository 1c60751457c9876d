"""Links between agents, each cut into a sending and a receiving half that agree by construction."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flumec.compiler.model import Agent, End, Fleet, Host, Link, Value
from flumec.compiler.plan import Peer, ReceivingHalf, SendingHalf
from flumec.compiler.values import canonical, resolve

AGREED = ("port", "policy", "tls")
"""The properties of a link that both ends must agree on."""

Address = Callable[[Host], str]
OriginOf = Callable[[Any], str]


class Wires:
    """The links of a fleet by the agents that they join, with names that are unique in each."""

    def __init__(self, fleet: Fleet, address: Address, origin: OriginOf) -> None:
        self._fleet, self._address, self._origin = fleet, address, origin
        self._peers: dict[int, tuple[Peer, ...]] = {}
        self._sent: dict[str, list[Link]] = {}
        self._received: dict[str, list[tuple[Link, End]]] = {}
        for link in fleet.links:
            self._sent.setdefault(link.sender.agent, []).append(link)
            for end in link.targets:
                self._received.setdefault(end.agent, []).append((link, end))

    def sending(self, agent: Agent) -> tuple[SendingHalf, ...]:
        """Return the sending halves of an agent, the same on each of its hosts."""
        taken = set(agent.components)
        return tuple(self._sender(link, taken) for link in self._sent.get(agent.name, ()))

    def receiving(self, agent: Agent, host: Host) -> tuple[ReceivingHalf, ...]:
        """Return an agent's listeners on `host`: links of equal port, wire and TLS share one."""
        listeners: dict[tuple[str, int, str], list[tuple[Link, End]]] = {}
        for link, end in self._received.get(agent.name, ()):
            key = (link.via, self._port(link, host), _text(link.values.get("tls")))
            listeners.setdefault(key, []).append((link, end))
        taken = set(agent.components) | {half.name for half in self.sending(agent)}
        return tuple(
            self._receiver(port, links, host, taken) for (_, port, _), links in listeners.items()
        )

    def _sender(self, link: Link, taken: set[str]) -> SendingHalf:
        name = _free(_word("to", link.targets[0].agent), link.sender.component, taken)
        return SendingHalf(
            name=name,
            link=title(link),
            channel=link.sender.component,
            via=link.via,
            peers=self._peers_of(link),
            wire=wire(link),
            values=self._values(link, self._fleet.agents[link.targets[0].agent].hosts.hosts[0]),
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

    def _peers_of(self, link: Link) -> tuple[Peer, ...]:
        """Return every host of every target, in the file's order; made once for a link."""
        if id(link) not in self._peers:
            self._peers[id(link)] = tuple(
                Peer(host.name, self._address(host), self._port(link, host))
                for end in link.targets
                for host in self._fleet.agents[end.agent].hosts.hosts
            )
        return self._peers[id(link)]

    def _values(self, link: Link, host: Host) -> dict[str, Any]:
        return {
            name: resolve(value.value, host, self._address(host))
            for name, value in link.values.items()
        }

    def _port(self, link: Link, host: Host) -> int:
        return int(resolve(link.values["port"].value, host, self._address(host)))


def title(link: Link) -> str:
    """Return a link as pictures, logs and both ends name it: `tailer.spool => collector.inbox`."""
    targets = ", ".join(f"{end.agent}.{end.component}" for end in link.targets)
    return f"{link.sender.agent}.{link.sender.component} => {targets}"


def wire(link: Link) -> str:
    """Return the digest by which both ends know that they were made from one declaration."""
    agreed = {name: canonical(link.values[name]) for name in AGREED if name in link.values}
    data = json.dumps([title(link), link.via, agreed], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def _text(value: Value | None) -> str:
    return json.dumps(canonical(value), sort_keys=True)


def _word(direction: str, agent: str) -> str:
    return f"{direction}_{agent.replace('.', '_')}"


def _free(name: str, longer: str, taken: set[str]) -> str:
    """Return `name`, or where it is taken a longer one, and remember it as taken."""
    if name in taken:
        name = f"{name}_{longer}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name
