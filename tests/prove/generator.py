"""Random fleets of one to three tiers and at most six hosts, all of which the compiler accepts.

A fleet is made exactly once first, and then given flaws: whatever makes a way at least once, or
best effort. So the shares of the three claims follow from how often a fleet gets which flaws.
"""

import random
from dataclasses import replace

from prove.shape import Agent, Arm, Chain, Link, Part, Reading, Settings, Shape, Target, with_values

AIMS = ("exactly_once", "at_least_once", "best_effort")

AT_LEAST = ("logger", "resend", "anonymous", "two journals", "copies")
BEST = ("memory", "spill", "drop_oldest", "optional", "early")
"""Flaws: each is a mistake only where somebody wanted more."""

DEPTHS = ((1, 2, 3), (18, 40, 42))
"""How many tiers a fleet has, and how many of a hundred have so many."""

HOSTS = {1: (2,), 2: (3, 3), 3: (2, 2, 2)}
"""The most hosts that each tier's agents have, by the number of tiers: six in all, at most."""

TIME_OUT = "6s"
"""How long a link is silent before it is taken for gone."""

WORDS = {"taildir": "lines", "http": "posts", "seq": "numbers"}
"""What sources are called, with their number."""

EVENTS = 30
"""How many events a source that makes its own makes."""


def make(seed: int) -> Shape:
    """Return the fleet of a seed."""
    return _Maker(random.Random(f"fleet {seed}"), AIMS[seed % 3]).shape()


class _Maker:
    def __init__(self, chance: random.Random, aim: str) -> None:
        self._chance, self._aim = chance, aim
        flaws = {"exactly_once": (), "at_least_once": AT_LEAST, "best_effort": BEST}[aim]
        wanted = chance.choice((1, 1, 2)) if flaws else 0
        self._flaws = set(chance.sample(flaws, wanted))
        self._tiers = chance.choices(*DEPTHS)[0]
        self._pair = aim == "exactly_once" and self._tiers > 1 and self._likely(0.25)
        """Whether clients post to several machines, and the last tier leaves copies out."""
        self._port = 4100
        self._links: list[Link] = []

    def shape(self) -> Shape:
        agents: list[Agent] = []
        for tier in range(self._tiers):
            before = [agent for agent in agents if agent.name.startswith(_name(tier - 1))]
            several = tier == 0 and self._tiers == 2 and self._likely(0.25)
            for number in range(1 + several):
                most = HOSTS[self._tiers][tier] // (1 + several)
                agents.append(self._agent(tier, number, most, before))
        return Shape(tuple(agents), tuple(self._links), self._aim)

    def _agent(self, tier: int, number: int, most: int, before: list[Agent]) -> Agent:
        name = _name(tier) + str(number + 1) * (number > 0)
        last = tier == self._tiers - 1
        count = self._chance.randint(1, most)
        if self._pair:
            count = 1 if last else max(2, count) if tier == 0 else count
        agent = Agent(name, tuple(f"{name}-{n + 1}" for n in range(count)))
        if tier == 0 or self._likely(0.12):
            for _ in range(1 if self._pair or tier else self._chance.choice((1, 1, 2))):
                agent = self._with_source(agent, pair=self._pair and tier == 0)
        if before:
            agent = self._fed(agent, before)
        return self._emptied(agent, last=last)

    # What comes in.

    def _with_source(self, agent: Agent, *, pair: bool) -> Agent:
        kinds = ("taildir", "taildir", "http", "http", "seq")
        wanted = "http" if pair or self._flaws & {"anonymous", "early"} else None
        kind = wanted or self._chance.choice(kinds)
        name = f"{WORDS[kind]}{len(agent.sources)}"
        values: Settings
        if kind == "taildir":
            log = f"/var/log/${{host.name}}/{name}.log"
            values = (("files", f'["{log}"]'), ("rotated", f'["{log}.[0-9]"]'))
        elif kind == "http":
            named = not self._takes("anonymous") or pair
            values = (("port", str(self._next_port())),)
            values += (("request_id", '"Idempotency-Key"'),) if named else ()
        else:
            values = (("total", str(EVENTS)), ("batch", str(self._chance.choice((2, 5, 7)))))
        return self._chained(
            replace(agent, sources=(*agent.sources, Part(name, kind, values, pair)))
        )

    def _fed(self, agent: Agent, before: list[Agent]) -> Agent:
        """Have the tier before send what it holds for this one."""
        if self._likely(0.4):
            agent = self._chained(replace(agent, sources=(*agent.sources, Part("feed", "link"))))
            end = "feed"
        else:
            agent, end = self._channel(agent, "inbox")
        port = self._next_port()
        for sender in before:
            read = {reading.channel for reading in sender.readings}
            for channel in sender.channels:
                if channel.name not in read and channel.name != "late":
                    values = self._wire(port, len(agent.hosts), channel)
                    self._links.append(Link((sender.name, channel.name), (agent.name, end), values))
                    port = self._next_port()
        return agent

    def _wire(self, port: int, peers: int, channel: Part) -> Settings:
        values = [("port", str(port)), ("time_out", TIME_OUT), ("back_off", "2s")]
        policies = ["failover", "balance", "all", "hash(header.origin)"]
        if self._pair:
            policies.remove("all")
        if channel.kind == "spill" and peers > 1:
            policies = policies[2:]  # a channel that spills cannot be shared
        if peers > 1:
            policy = self._chance.choice(policies)
            if "resend" in self._flaws and channel.kind != "spill":
                policy = self._chance.choice(policies[:2])
            values.append(("policy", policy))
            if policy in ("failover", "balance") and not self._takes("resend"):
                values.append(("in_doubt", "wait"))
        return tuple(values)

    # From sources to channels.

    def _chained(self, agent: Agent) -> Agent:
        """Lead the newest source to channels."""
        source = agent.sources[-1].name
        chance = self._chance
        keeps = "01234567" if self._likely(0.15) else ""
        if self._likely(0.25) and not self._pair:
            agent, first = self._channel(agent)
            agent, second = self._channel(agent)
            rest = chance.choice((Target(None), Target(first), Target(second)))
            agent, both = self._several(agent, second, first)
            arms = Arm("0123", (Target(first),)), Arm("456", both), Arm("", (rest,))
            return _with_chain(agent, Chain(source, arms=arms, keeps=keeps))
        agent, name = self._channel(agent)
        targets: tuple[Target, ...] = (Target(name),)
        wants_two = self._flaws & {"optional", "copies", "two journals"} or self._likely(0.15)
        if wants_two and not self._pair:
            agent, other = self._channel(agent, beside=name)
            agent, targets = self._several(agent, name, other)
        return _with_chain(agent, Chain(source, targets, keeps=keeps))

    def _several(self, agent: Agent, one: str, other: str) -> tuple[Agent, tuple[Target, ...]]:
        """Lead to two channels; an optional one is so small that it may be full."""
        optional = self._takes("optional")
        if optional:
            channels = (
                with_values(channel, events="8") if channel.name == other else channel
                for channel in agent.channels
            )
            agent = replace(agent, channels=tuple(channels))
        return agent, (Target(one), Target(other, optional))

    def _channel(
        self, agent: Agent, name: str | None = None, beside: str | None = None
    ) -> tuple[Agent, str]:
        name = name or f"c{len(agent.channels)}"
        kind = next((kind for kind in ("memory", "spill") if self._takes(kind)), "file")
        values: list[tuple[str, str]] = []
        if self._takes("drop_oldest"):
            values += [("events", "8"), ("when_full", "drop_oldest")]
        elif self._likely(0.2):
            values.append(("events", "60"))
        if kind == "spill":
            values += [("memory", "64KiB"), ("size", "1MiB")]
        journals = agent.journals
        if kind == "file" and "early" in self._flaws and not journals:
            journals = (Part("default", "", (("sync", "1s"),)),)
        if kind == "file" and beside is not None and self._takes("two journals"):
            values.append(("journal", "second"))
            if all(journal.name != "second" for journal in journals):
                journals = (*journals, Part("second", "", (("compression", "lz4"),)))
        part = Part(name, kind, tuple(values))
        return replace(agent, channels=(*agent.channels, part), journals=journals), name

    # What goes out.

    def _emptied(self, agent: Agent, *, last: bool) -> Agent:
        """Give channels their sinks; in all tiers but the last, at least one has a link."""
        channels = agent.channels
        onward = self._chance.randrange(len(channels))
        both = last or "copies" not in self._flaws
        for number, channel in enumerate(channels):
            if last or (number != onward and both and not self._pair and self._likely(0.5)):
                agent = self._read(agent, channel, dedup=self._pair)
        return agent

    def _read(self, agent: Agent, channel: Part, *, dedup: bool) -> Agent:
        grouped = channel.kind != "spill" and not dedup
        grouped = grouped and self._likely(0.6 if "resend" in self._flaws else 0.2)
        sinks: list[Part] = []
        for _ in range(1 + grouped):
            sinks.append(self._sink(f"s{len(agent.sinks) + len(sinks)}", dedup=dedup))
        group = self._chance.choice(("failover", "balance")) if grouped else ""
        in_doubt = "wait" if grouped and not self._takes("resend") else ""
        reading = Reading(channel.name, tuple(sink.name for sink in sinks), group, in_doubt)
        channels = agent.channels
        if dedup and all(channel.name != "late" for channel in channels):
            channels = (*channels, Part("late", "file"))
        return replace(
            agent, sinks=(*agent.sinks, *sinks), readings=(*agent.readings, reading),
            channels=channels,
        )  # fmt: skip

    def _sink(self, name: str, *, dedup: bool) -> Part:
        if self._takes("logger"):
            return Part(name, "logger")
        roll = self._chance.choice(("events = 5", "events = 11", "every = 1s"))
        every = "" if roll.startswith("every") else "\n  every = 2s"
        values: Settings = (
            ("directory", f'"/srv/${{host.name}}/{name}"'),
            ("format", "json"),
            ("roll", f"{{\n  {roll}{every}\n}}"),
        )
        if dedup:
            values += (("dedup", "{\n  key = header.id\n  late = late\n}"),)
        return Part(name, "file_roll", values)

    # Chance.

    def _likely(self, share: float) -> bool:
        return self._chance.random() < share

    def _takes(self, flaw: str) -> bool:
        """Say whether this place gets a flaw of the fleet."""
        return flaw in self._flaws and self._likely(0.7)

    def _next_port(self) -> int:
        self._port += 1
        return self._port


def _name(tier: int) -> str:
    return ("edge", "relay", "store")[tier] if tier >= 0 else "nowhere"


def _with_chain(agent: Agent, chain: Chain) -> Agent:
    return replace(agent, chains=(*agent.chains, chain))
