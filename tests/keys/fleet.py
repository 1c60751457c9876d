"""Random fleets in which the key of a `dedup` is made by steps on the way: by one host or another,
behind links and routes that choose.
"""

import random
from dataclasses import dataclass

HEADERS = ("id", "part", "host", "at", "user")
"""Those that steps set and clients send; the key is `header.id`."""

FIRST = 4101


@dataclass(frozen=True)
class Chain:
    """Steps, and the arms of a route, each with its steps: by values, or `else`."""

    steps: tuple[str, ...]
    header: str = ""
    arms: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def text(self, source: str, targets: str) -> str:
        """Return it as a file has it."""
        begin = " -> ".join((source, *self.steps))
        if not self.arms:
            return f"  {begin} -> {targets}"
        arms = "\n".join(
            f"    {values} -> {' -> '.join((*steps, targets))}" for values, steps in self.arms
        )
        return f"  {begin} -> route header.{self.header} {{\n{arms}\n  }}"


@dataclass(frozen=True)
class Agent:
    """An agent with one source and some channels, each of which gets every event."""

    name: str
    hosts: tuple[str, ...]
    chains: tuple[Chain, ...]
    channels: tuple[str, ...]
    source: str
    """How its source is declared."""

    @property
    def text(self) -> str:
        """Return it as a file has it; several chains end in a channel each."""
        hosts = ", ".join(f'"{host}"' for host in self.hosts)
        ends = [", ".join(self.channels)] if len(self.chains) == 1 else self.channels
        return "\n".join((
            f"hosts {self.name}_hosts = [{hosts}]", "",
            f"agent {self.name} on {self.name}_hosts {{", self.source,
            *(f"  channel {name} : file" for name in self.channels), "",
            *(chain.text("feed", end) for chain, end in zip(self.chains, ends, strict=True)),
            "}", "",
        ))  # fmt: skip


@dataclass(frozen=True)
class Link:
    """From a channel of the first agent to others."""

    channel: str
    to: tuple[str, ...]
    policy: str


@dataclass(frozen=True)
class Fleet:
    """An edge that clients post to, relays behind it, and the sink behind those."""

    edge: Agent
    relays: tuple[Agent, ...]
    links: tuple[Link, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the file."""
        agents = (self.edge, *self.relays)
        first = [
            _link(
                f"edge.{link.channel}",
                [f"{name}.feed" for name in link.to],
                FIRST + number,
                f"  policy = {link.policy}",
            )
            for number, link in enumerate(self.links)
        ]
        last = [
            _link(f"{relay.name}.inbox", ["store.inbox"], FIRST + 10 + number)
            for number, relay in enumerate(self.relays)
        ]
        return "\n".join((*(agent.text for agent in agents), STORE, *first, *last))


STORE = """hosts store_hosts = ["s1"]

agent store on store_hosts {
  channel inbox : file
  channel late : file

  sink out : file_roll {
    directory = "/srv/out"
    format = json

    dedup {
      key = header.id
      late = late
    }
  }

  inbox -> out
}
"""


def _link(channel: str, to: list[str], port: int, *said: str) -> str:
    return "\n".join((f"{channel} => {', '.join(to)} {{", f"  port = {port}", *said, "}", ""))


def make(seed: int) -> Fleet:
    """Return the fleet of a seed."""
    return _Maker(random.Random(f"keys {seed}")).fleet()


class _Maker:
    """Makes one; steps, routes and links go by headers that something before them sets."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._required = tuple(chance.sample(HEADERS, chance.choice((1, 1, 2))))
        self._optional = tuple(
            name for name in HEADERS if name not in self._required and chance.random() < 0.25
        )
        self._known = {*self._required, *self._optional}

    def fleet(self) -> Fleet:
        chance = self._chance
        channels = chance.choice((("c0",), ("c0",), ("c0", "c1")))
        chains = [self._chain() for _ in channels[: chance.choice((1, 1, 2))]]
        edge = Agent(
            "edge", chance.choice((("e1",), ("e1", "e2"))), tuple(chains), channels, self._post()
        )
        names = chance.choice((("one",), ("one", "two")))
        hashed = (f"hash(header.{name})" for name in sorted(self._known))
        policies = ["all", "balance", "failover", *hashed]
        hosts = {name: (f"{name}1", f"{name}2")[: chance.choice((1, 2))] for name in names}
        several = sum(map(len, hosts.values())) > 1
        links = tuple(
            Link(channel, names, chance.choice(policies) if several else "single")
            for channel in channels
        )
        feed = "  source feed : link"
        relays = tuple(
            Agent(name, hosts[name], (self._chain(),), ("inbox",), feed) for name in names
        )
        return Fleet(edge, relays, links, self._required, self._optional)

    def _post(self) -> str:
        declared = "".join(
            f"      {word} = [{', '.join(f'header.{name}' for name in names)}]\n"
            for word, names in (("required", self._required), ("optional", self._optional))
            if names
        )
        return f"  source feed : http {{\n    port = 4100\n    headers {{\n{declared}    }}\n  }}"

    def _chain(self) -> Chain:
        chance = self._chance
        steps = tuple(self._step() for _ in range(chance.randrange(4)))
        if chance.random() < 0.7:
            return Chain(steps)
        header = chance.choice(sorted(self._known))
        values = chance.choice(('"e1", "one1"', '"a"', '"x"'))
        arms = tuple(
            (each, tuple(self._step() for _ in range(chance.randrange(2))))
            for each in (values, "else")
        )
        return Chain(steps, header, arms)

    def _step(self) -> str:
        chance = self._chance
        kept = chance.choice(("true", "false"))
        kinds = ("host", "time", "fixed", "own", "found", "named")
        kind = chance.choices(kinds, (2, 2, 1, 1, 2, 6))[0]
        name = chance.choice(HEADERS if kind == "found" else HEADERS[1:])
        if kind == "named":
            name = chance.choice(("id", "id", "id", "part"))
            of = [f"header.{each}" for each in sorted(self._known) if each != name]
            of = chance.sample([*of, "body", "body"], 2)
        self._known.add(name)
        match kind:
            case "host":
                return f"host(header = header.{name}, preserve = {kept})"
            case "time":
                return f"timestamp(header = header.{name}, preserve = {kept})"
            case "fixed":
                return f'static(header.{name}, "x", preserve = {kept})'
            case "own":
                return f'static(header.{name}, "${{host.name}}", preserve = {kept})'
            case "found":
                word = chance.choice(("part", "more"))
                return f'regex_extract(r"{word}=(a)", into = [header.{name}])'
        parts = ", ".join(dict.fromkeys(of))
        return f"fingerprint(header.{name}, of = [{parts}], preserve = {kept})"
