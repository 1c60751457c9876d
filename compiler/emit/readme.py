"""README.md of a bundle and of each host's folder: what is in it, for people."""

from collections.abc import Iterator, Sequence

from flumec.compiler.emit.alike import once_for_alike
from flumec.compiler.emit.literal import harmless
from flumec.compiler.emit.manifest import version
from flumec.compiler.emit.openings import Opening
from flumec.compiler.emit.picture import picture
from flumec.compiler.paths import STATES, credential
from flumec.compiler.plan import Agent, Host, Plan

_MOST = 8
"""How many hosts are named in a line."""


def of_host(host: Host, inbound: Sequence[Opening]) -> bytes:
    """Return the page of one host's folder."""
    files = ", ".join(sorted({agent.file for agent in host.agents}))
    lines = [
        f"# {host.name}",
        "",
        f"{_agents(len(host.agents))}, made by flumec {version()} from {files}.",
        "",
        "    ./install --check      says whether it can be installed, and what that would do",
        "    ./install --apply      does it",
        "    ./install --rollback   goes back to the bundle before",
        "",
    ]
    for agent in host.agents:
        lines += _agent(agent)
    lines += [*_promised(host), "## What others send to this host", "", *_inbound(inbound)]
    return _text(lines)


def of_fleet(plan: Plan) -> bytes:
    """Return the page of the whole bundle."""
    hosts: dict[str, list[str]] = {}
    for host in plan.hosts:
        for agent in host.agents:
            hosts.setdefault(agent.name, []).append(host.name)
    files = ", ".join(name for name, _ in plan.inputs)
    number = f"{_agents(len(hosts))} on {_hosts(len(plan.hosts))}"
    lines = [
        f"{number}, made by flumec {version()} from {files}.",
        "",
        *(f"- `{name}` on {_some(names)}" for name, names in hosts.items()),
        "",
        *_in_short(plan),
        "Each host has a folder, and a tar of it; what is called `install` in it does the rest.",
        "`firewall.csv` has every connection that is made, `manifest.json` what every file is.",
    ]
    return _text(["# A bundle", "", *lines])


def _in_short(plan: Plan) -> Iterator[str]:
    """Yield what is claimed of all events, a line for each pair of source and sink."""
    if plan.promises:
        yield from ("What becomes of events, of which each host's page says more:", "")
        yield from (f"- {each.sentence}" for each in plan.promises)
        yield ""


@once_for_alike
def _agent(agent: Agent) -> list[str]:
    return [*_about(agent), ""]


def _about(agent: Agent) -> Iterator[str]:
    yield f"## `{agent.name}`"
    yield ""
    if agent.doc:
        yield from (*agent.doc.splitlines(), "")
    yield from (f"    {line}" for line in picture(agent))
    yield ""
    yield f"- runs as `{agent.user}`, keeps its state in `{STATES}/{agent.name}`"
    if agent.reads:
        yield f"- reads {_quoted(agent.reads)}"
    if agent.writes:
        yield f"- writes {_quoted(agent.writes)}"
    for name in agent.credentials:
        yield f"- needs the secret `{name}` in `{credential(name)}`"
    for half in agent.senders:
        peers = [f"{peer.host}:{peer.port}" for peer in half.peers]
        yield f"- sends to {_some(peers)}"


def _promised(host: Host) -> Iterator[str]:
    """Yield what is claimed of the events that come by a host, as `flumec prove --path` says it."""
    found = dict.fromkeys(each for agent in host.agents for each in agent.promises)
    if not found:
        return
    yield from ("## What becomes of the events that come by", "")
    for each in found:
        yield f"    {each.sentence}"
        last = ""
        for part, line in each.parts:
            yield f"      {part if part != last else '':<11}  {line}"
            last = part
        yield ""


def _inbound(found: Sequence[Opening]) -> Iterator[str]:
    ports: dict[tuple[int, str], list[str]] = {}
    for each in found:
        ports.setdefault((each.port, each.why), []).append(each.from_host)
    if not ports:
        yield "Nothing."
    for (port, why), hosts in ports.items():
        yield f"- port {port}/tcp, from {_some(hosts)}: `{why}`"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _quoted(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _agents(number: int) -> str:
    return "One agent" if number == 1 else f"{number:,} agents"


def _hosts(number: int) -> str:
    return "one host" if number == 1 else f"{number:,} hosts"


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(harmless(line) for line in lines) + "\n").encode()
