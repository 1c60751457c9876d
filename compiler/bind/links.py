"""Links: both ends, and what their block says of the wire."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from flumec.compiler import tree
from flumec.compiler.bind.directory import Directory
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.properties import Filling, Form, form_of
from flumec.compiler.bind.scope import SOME_HOSTS, Env
from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.compiler.model import Agent, Link, Value
from flumec.runtime.links.settings import LinkSettings

WIRES = ("arrow", "avro", "thrift")
"""What a link can speak; the runtime has the first."""


class UnknownWire(Diagnostic, code="FL161"):
    """A link is `via` a wire that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox via arow {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox via arrow {
      port = 4141
      tls = mutual
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no wire `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest, or all."""
        return closest(self.name, WIRES) or f"the wires are {', '.join(WIRES)}"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, WIRES)


@cache
def link_form() -> Form:
    """Return what a link's block takes."""
    return form_of(LinkSettings, "a link")


def bind_link(
    node: tree.Link,
    module: Module,
    agents: Mapping[str, Agent],
    directory: Directory,
    findings: Findings,
) -> Link | None:
    """Return a link; None if an end of it is unknown."""
    sender = directory.component(node.sender)
    targets = [directory.component(target) for target in node.targets]
    agent = agents[sender.agent] if sender else None
    hosts = agent.hosts if agent and agent.hosts.hosts else SOME_HOSTS
    kinds = {n: c.kind for n, c in agent.components.items()} if agent else {}
    env = replace(module.env(findings), hosts=hosts, components=kinds)
    via = _via(node, findings)
    values, mistaken = _settings(node, env) if agent or node.block else ({}, frozenset[str]())
    known = [target for target in targets if target is not None]
    if sender is None or len(known) < len(targets):
        for ref in (node.sender, *node.targets):
            directory.doubt(ref)
        return None
    return Link(sender, tuple(known), via, values, node.span, node.doc, mistaken)


def _via(node: tree.Link, findings: Findings) -> str:
    if node.via is None:
        return WIRES[0]
    name = node.via.text
    if name not in WIRES:
        findings.report(UnknownWire(node.via.span, name=name))
    elif name != WIRES[0]:
        findings.feature(f"the wire `{name}`", node.via.span)
    return name


def _settings(node: tree.Link, env: Env) -> tuple[dict[str, Value], frozenset[str]]:
    """Return what a link's block sets, and what it means to set but has wrong."""
    filling = Filling(link_form())
    if node.block is not None:
        filling.read(node.block, env)
    values = filling.finish(node.sender.span, env)
    return values, filling.mistaken
