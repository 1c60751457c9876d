"""Small random fleets: up to three tiers, hosts of several agents, sites, every policy, routes."""

import random
from dataclasses import dataclass, field

POLICIES = ("failover", "balance", "all", "hash(header.user)")
SOURCES = {
    "seq": "",
    "http": '    port = {port}\n    bind = "127.0.0.1"\n',
    "taildir": '    files = ["/var/log/{name}.log"]\n',
}


@dataclass
class _Text:
    """A fleet as it is written."""

    chance: random.Random
    lines: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    port: int = 4000

    def write(self, text: str) -> None:
        self.lines.append(text)

    def next_port(self) -> int:
        self.port += 1
        return self.port

    def hosts(self) -> str:
        """Write a set, or take one that an agent is on already."""
        if self.sets and self.chance.random() < 0.25:
            return self.chance.choice(self.sets)
        name, count = f"set{len(self.sets)}", self.chance.choice((1, 1, 2, 2, 3))
        parts = []
        for number in range(count):
            site = self.chance.choice(("north", "south", "east"))
            block = f' {{\n  site = "{site}"\n}}' if self.chance.random() < 0.7 else ""
            self.write(f'hosts {name}p{number} = ["{name}-{number}"]{block}\n')
            parts.append(f"{name}p{number}")
        if count > 1:
            self.write(f"hosts {name} = union({', '.join(parts)})\n")
        self.sets.append(name if count > 1 else parts[0])
        return self.sets[-1]


def fleet(seed: int) -> str:
    """Return the text of a random fleet; a channel may be written by nobody, or read."""
    text = _Text(random.Random(f"cuts {seed}"))
    tiers = text.chance.choice((1, 2, 2, 3, 3))
    channels: list[str] = []
    links: list[tuple[str, list[str]]] = []
    for tier in range(tiers):
        last, further = tier == tiers - 1, []
        for number in range(text.chance.choice((1, 1, 2))):
            name = f"a{tier}{number}"
            fed = [one for one in channels if text.chance.random() < 0.8] or channels[:1]
            further += _agent(text, name, tier, fed, links, last=last)
        channels = further
    for start, ends in links:
        _link(text, start, ends)
    return "\n".join(text.lines)


def _agent(
    text: _Text, name: str, tier: int, fed: list[str], links: list[tuple[str, list[str]]], *,
    last: bool,
) -> list[str]:  # fmt: skip
    """Write an agent; return its channels that a further tier may be sent from."""
    chance, on = text.chance, text.hosts()
    disk = chance.random() < 0.3
    folder = f"/srv/{name}" + "/${host.name}" * (text.port % 2)
    journal = f'  journal far {{\n    directory = "{folder}"\n  }}\n' if disk else ""
    kinds = [
        "file {\n    journal = far\n  }" if disk and chance.random() < 0.5
        else chance.choice(("file", "file", "memory"))
        for _ in range(2)
    ]  # fmt: skip
    body = [f"agent {name} on {on} {{\n{journal}"]
    body += [f"  channel c{n} : {kind}\n" for n, kind in enumerate(kinds)]
    feed = tier > 0 and chance.random() < 0.4
    for start in fed:
        end = f"{name}.feed" if feed else f"{name}.c{chance.randrange(2)}"
        known = [ends for other, ends in links if other == start]
        if known and chance.random() < 0.7:
            known[0].append(end)
        elif not known:
            links.append((start, [end]))
    if feed:
        body.append("  source feed : link\n")
        body.append(_chains(text, "feed"))
    if tier == 0 or chance.random() < 0.2:
        kind = chance.choice(tuple(SOURCES))
        block = SOURCES[kind].format(port=text.next_port(), name=name)
        body.append(f"  source events : {kind}" + (f" {{\n{block}  }}\n" if block else "\n"))
        body.append(_chains(text, "events"))
    if last:
        for n in range(2):
            folder = f' {{\n    directory = "/srv/{name}{n}"\n  }}'
            sink = chance.choice(("null", f"file_roll{folder}"))
            body.append(f"  sink s{n} : {sink}\n\n  c{n} -> s{n}\n")
    text.write("\n".join([*body, "}\n"]))
    return [] if last else [f"{name}.c0", f"{name}.c1"]


def _chains(text: _Text, source: str) -> str:
    """Return what leads on from a source; no two routes or filters ask the same of an event."""
    count = text.chance.choice((1, 1, 2))
    return "".join(f"  {source} -> {_ends(text)}" for _ in range(count))


def _ends(text: _Text) -> str:
    chance, asked = text.chance, f"k{text.next_port()}"
    kind = chance.choice(("one", "both", "route", "optional", "filter"))
    if kind == "filter":
        return f'regex_filter("{asked}") -> {chance.choice(("c0", "c1", "c0, c1"))}\n'
    if kind == "route":
        arms = ("c0", "c1"), ("c1", "c0"), ("c0, c1", "c0"), ("c0", "drop"), ("c1", "drop")
        arm, rest = chance.choice(arms)
        found = f'regex_extract("{asked}=(x)", into = [header.{asked}])'
        return f'{found} -> route header.{asked} {{\n    "x" -> {arm}\n    else -> {rest}\n  }}\n'
    return {"one": "c0\n", "both": "c0, c1\n", "optional": "c0, c1?\n"}[kind]


def _link(text: _Text, start: str, ends: list[str]) -> None:
    alike = len({end.partition(".")[2] == "feed" for end in ends}) == 1
    policy = text.chance.choice(POLICIES if alike else ("all",))
    near = "  within = host.site\n" if text.chance.random() < 0.2 else ""
    text.write(
        f"{start} => {', '.join(dict.fromkeys(ends))} {{\n  port = {text.next_port()}\n"
        f"  policy = {policy}\n{near}}}\n"
    )
