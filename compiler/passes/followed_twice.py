"""Two sources of a host that follow one file, and whose events meet."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.followers import Pattern, differs, followers, patterns_of
from flumec.compiler.globs import in_both
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Agent, Component, Fleet, Host, Settings
from flumec.compiler.passes.copies import chooses
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span
from flumec.compiler.values import canonical, varies


class FollowedTwice(Diagnostic, code="FL536", severity="warning"):
    """Two sources of one host follow the same file, and their events meet.

    Each source keeps its own place in the file, so each of its lines is an event of both, and comes
    twice to the sink or store where the two meet. Whose team a source belongs to makes no
    difference: agents of all the given files share their host. Two that never meet are two readers
    of one log, which is nothing to say anything of; nor is it where both leave some lines out, as
    these may be others, or where a sink leaves out copies by their content.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
      }

      source every : taildir {
        files = ["/var/log/nginx/*.log"]
      }

      channel spool : file

      sink out : null

      access -> spool
      every -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
      }

      source errors : taildir {
        files = ["/var/log/nginx/error*.log"]
      }

      channel spool : file

      sink out : null

      access -> spool
      errors -> spool
      spool -> out
    }
    ```
    """

    sources: tuple[str, str]
    file: str
    host: str
    meeting: str
    first: Span

    @property
    def message(self) -> str:
        one, two = self.sources
        return (
            f"`{one}` and `{two}` both follow `{self.file}` on `{self.host}`, and their events "
            f"meet in {self.meeting}: each of its lines comes twice"
        )

    @property
    def label(self) -> str:
        return "it is followed here"

    @property
    def hint(self) -> str:
        return (
            "let one of the two follow it, and give the other patterns that leave it out; or let "
            "their events go to different places"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, "and here"),)


def check_followed_twice(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield pairs of sources that read one file into one place; hosts that are alike once."""
    found = {
        agent.name: sources
        for agent in fleet.agents.values()
        if agent.name not in fleet.unsure and (sources := list(followers(agent)))
    }
    on_host: dict[str, list[tuple[Host, str]]] = defaultdict(list)
    for name in found:
        for host in fleet.agents[name].hosts.hosts:
            on_host[host.name].append((host, name))
    seen: set[tuple[str, ...]] = set()
    meetings = _Meetings(fleet, graph)
    reported: set[tuple[Node, Node]] = set()
    for placed in on_host.values():
        alike = tuple(name for _, name in placed)
        if alike in seen or sum(len(found[name]) for name in alike) < 2:
            continue
        if not any(differs(one) for name in alike for one in found[name]):
            seen.add(alike)
        patterns = [p for host, name in placed for p in patterns_of(found[name], name, host)]
        for one, two, file in _pairs(patterns):
            pair = one.node, two.node
            if pair not in reported and (meeting := meetings.of(*pair)):
                reported.add(pair)
                names = dotted(one.node), dotted(two.node)
                yield FollowedTwice(two.span, names, file, placed[0][0].name, meeting, one.span)


def _pairs(patterns: Sequence[Pattern]) -> Iterator[tuple[Pattern, Pattern, str]]:
    """Yield pairs of patterns of two sources that mean one file, in the file's order.

    What stands before the first sign of one of them must begin the other's, and sorted by it these
    are neighbours.
    """
    order = {id(one): number for number, one in enumerate(patterns)}
    ordered = sorted(patterns, key=lambda one: one.stem)
    found = []
    for number, one in enumerate(ordered):
        for two in ordered[number + 1 :]:
            if not two.stem.startswith(one.stem):
                break
            if one.node != two.node and (file := in_both(one.text, two.text)) is not None:
                turned = order[id(one)] > order[id(two)]
                found.append((two, one, file) if turned else (one, two, file))
    yield from sorted(found, key=lambda pair: (order[id(pair[1])], order[id(pair[0])]))


class _Meetings:
    """Where the events of two sources come together."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet, self._graph = fleet, graph
        self._sinks: dict[Node, dict[object, str]] = {}

    def of(self, one: Node, two: Node) -> str:
        """Return what both come to, as a message has it; nothing where they keep apart."""
        if self._picks(one) and self._picks(two):
            return ""
        mine, theirs = self._stores(one), self._stores(two)
        return next((name for store, name in mine.items() if store in theirs), "")

    def _picks(self, node: Node) -> bool:
        """Whether on each way that leaves a source only some of its events leave."""
        return all(chooses(edge) for edge in self._graph.outgoing.get(node, ()))

    def _stores(self, node: Node) -> dict[object, str]:
        """Return the sinks, and the stores that they write into, that a source's events come to."""
        if node not in self._sinks:
            found: dict[object, str] = {}
            for reached in sorted(self._graph.reachable([node])):
                agent = self._fleet.agents[reached[0]]
                sink = agent.components[reached[1]]
                if sink.kind == "sink" and not _leaves_out(sink):
                    found[reached] = f"`{'.'.join(reached)}`"
                    for store, name in _stores_of(agent, sink):
                        found.setdefault(store, name)
            self._sinks[node] = found
        return self._sinks[node]


def _leaves_out(sink: Component) -> bool:
    """Whether a sink writes one copy of each event, by a name that both copies have."""
    dedup = sink.values.get("dedup")
    key = dedup.value.values.get("key") if dedup and isinstance(dedup.value, Settings) else None
    return key is not None and key.value != "tag"


def _stores_of(agent: Agent, sink: Component) -> Iterator[tuple[object, str]]:
    """Yield what names the place that a sink writes into: a folder of its hosts, or elsewhere."""
    declared = sink.declaration
    for name in declared.writes if declared is not None else ():
        held = sink.values.get(name)
        if held is None or declared is None or varies(held.value):
            continue
        try:
            folder = declared.folder(name, held.value)
        except ValueError:  # which was reported
            continue
        if folder is None:
            yield ("", str(canonical(held))), f"`{held.value}`"
        else:
            for host in agent.hosts.hosts:
                yield (host.name, folder), f"`{folder}` on `{host.name}`"
