"""Tests that say what cannot be: they would fail always, or hold whatever happens."""

from collections.abc import Callable, Iterator, Mapping

from flumec.compiler.diagnostic import Diagnostic, closest
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Component, Fleet, Statement
from flumec.compiler.passes.expected import Wrong, expected
from flumec.runtime.component import Declared
from flumec.runtime.sinks.filing import Filing
from flumec.runtime.sources.http import Http
from flumec.runtime.sources.taildir import Taildir


class CannotBeTried(Diagnostic, code="FL651"):
    """A statement of a test says what cannot be.

    It names a host or site that there is not, sends to a source that takes nothing from outside, or
    expects of a component what it does not have.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> spool
      spool -> out
    }

    test "a line arrives" {
      send(a.logs, headers(kind = "x"), body = "hello")
      expect(a.out, count = 1)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> spool
      spool -> out
    }

    test "a line arrives" {
      send(a.logs, body = "hello")
      expect(a.out, count = 1)
    }
    ```
    """

    reason: str
    near: str | None

    @property
    def message(self) -> str:
        return self.reason

    @property
    def hint(self) -> str | None:
        return self.near


def check_trials(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield every statement of a test that says what cannot be."""
    for trial in fleet.trials:
        for statement in trial.statements:
            for name, reason, near in _wrong(fleet, graph, statement, real=trial.real_sinks):
                yield CannotBeTried(statement.values[name].span, reason, near)


def _wrong(fleet: Fleet, graph: Graph, said: Statement, *, real: bool) -> Iterator[Wrong]:
    yield from _elsewhere(fleet, said)
    if said.function == "kill" and (agent := fleet.agents.get(str(said.get("agent")))):
        hosts = len(agent.hosts.hosts)
        if hosts and said.get("count", 1) > hosts:  # a set without hosts was reported
            yield "count", f"`{agent.name}` runs on {hosts} host{'' if hosts == 1 else 's'}", None
        elif said.get("host") is not None and said.get("count", 1) > 1:
            yield "count", f"on `{said.get('host')}` runs one process of `{agent.name}`", None
    if said.function == "power" and said.get("place") is not None:
        known = _places(fleet)
        if said.get("place") not in known:
            place = said.get("place")
            yield "place", f"there is no host and no site `{place}`", closest(place, known)
    for name in ("to", "at", "sink", "source", "link"):
        component = _component(fleet, said, name)
        if component is not None and component.declaration is not None:
            end = said.get(name)
            where = f"`{end.agent}.{end.component}`"
            if said.function == "expect":
                yield from expected(said, component, where, real=real)
            elif said.function in _OF:
                yield from _OF[said.function](said, component, where)
            elif not fleet.unsure and not graph.sends(end.node):
                yield name, f"no link begins at {where}", None


def _elsewhere(fleet: Fleet, said: Statement) -> Iterator[Wrong]:
    host, agent = said.get("host"), _agent(fleet, said)
    if host is not None and agent is not None:
        names = [known.name for known in agent.hosts.hosts]
        if names and host not in names:
            yield "host", f"`{agent.name}` does not run on `{host}`", closest(host, names)


def _send(said: Statement, to: Component, where: str) -> Iterator[Wrong]:
    if _is(to, Taildir):
        if said.get("headers"):
            yield "headers", f"{where} reads lines, and a line has no headers", None
    elif not _is(to, Http):
        yield "to", f"nothing can be sent to {where}: its type is `{to.type}`", None
    elif said.get("file") is not None:
        yield "file", f"{where} reads no files: its type is `{to.type}`", None


def _outage(_said: Statement, sink: Component, where: str) -> Iterator[Wrong]:
    if not _is(sink, Filing):
        yield "sink", f"{where} has no target that could be away: its type is `{sink.type}`", None


def _rotate(_said: Statement, source: Component, where: str) -> Iterator[Wrong]:
    if not _is(source, Taildir):
        yield "source", f"{where} follows no files: its type is `{source.type}`", None


_OF: Mapping[str, Callable[[Statement, Component, str], Iterator[Wrong]]] = {
    "send": _send, "outage": _outage, "rotate": _rotate,
}  # fmt: skip


def _is(component: Component, kind: type[Declared]) -> bool:
    declaration = component.declaration
    return declaration is not None and issubclass(declaration, kind)


def _agent(fleet: Fleet, said: Statement) -> Agent | None:
    ends = (said.get(name) for name in ("to", "at", "sink", "source"))
    names = [str(said.get("agent")), *(end.agent for end in ends if end is not None)]
    return next((fleet.agents[name] for name in names if name in fleet.agents), None)


def _component(fleet: Fleet, said: Statement, name: str) -> Component | None:
    end = said.get(name)
    agent = None if end is None else fleet.agents.get(end.agent)
    return None if agent is None else agent.components.get(end.component)


def _places(fleet: Fleet) -> set[str]:
    hosts = [host for one in fleet.host_sets.values() for host in one.hosts]
    return {h.name for h in hosts} | {str(h.facts["site"]) for h in hosts if "site" in h.facts}
