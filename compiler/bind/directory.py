"""Finding agents and their components by the names that links, checks and tests use."""

from collections.abc import Mapping


from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.module import Module
from flumec.compiler.diagnostic import Diagnostic, closest
from flumec.compiler.model import Agent, End


class UnknownAgent(Diagnostic, code="FL110"):
    """A link, check or test names an agent that does not exist.

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

    counter.spool => colector.inbox {
      port = 4141
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

    counter.spool => collector.inbox {
      port = 4141
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no agent `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest."""
        return closest(self.name, self.known)


class UnknownEnd(Diagnostic, code="FL113"):
    """A link, check or test names a component that its agent does not have.

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

    counter.spol => collector.inbox {
      port = 4141
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

    counter.spool => collector.inbox {
      port = 4141
    }
    ```
    """

    agent: str
    name: str
    wanted: tuple[str, ...]
    kind: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say what there is not, or what it is instead."""
        wanted = " or ".join(self.wanted) or "component"
        if self.kind:
            return f"`{self.agent}.{self.name}` is a {self.kind}, and here stands a {wanted}"
        return f"the agent `{self.agent}` has no {wanted} `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or all that would do."""
        near = closest(self.name, self.known)
        return near or (f"it has {', '.join(self.known)}" if self.known else None)


class IncompleteName(Diagnostic, code="FL159"):
    """Where a component of an agent is to be named stands only a part of its name.

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

    counter.spool => collector {
      port = 4141
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

    counter.spool => collector.inbox {
      port = 4141
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say what is missing."""
        return f"`{self.name}` names no component: write `AGENT.COMPONENT`"

    @property
    def hint(self) -> str | None:
        """Offer what would complete it."""
        return f"perhaps {' or '.join(f'`{name}`' for name in self.known)}?" if self.known else None


class Directory:
    """The fleet's agents, as one module names them."""

    def __init__(
        self, module: Module, agents: Mapping[str, Agent], unsure: set[str], findings: Findings
    ) -> None:
        self._module, self._agents = module, agents
        self._unsure, self._findings = unsure, findings

    def agent(self, ref: tree.Ref) -> Agent | None:
        """Return the agent that a reference names; None if a mistake was reported."""
        module, names = self._module.reach(ref.names)
        if module is None:
            return None
        if len(names) == 1 and ref.key is None and names[0].text in module.agents:
            return self._agents.get(module.prefix + names[0].text)
        self._report_agent(ref, ref.text)
        return None

    def component(self, ref: tree.Ref, kinds: tuple[str, ...] = ()) -> End | None:
        """Return the component that `agent.name` names, of one of `kinds`; None if a mistake was reported."""
        module, names = self._module.reach(ref.names)
        if module is None:
            return None
        if len(names) == 1 or ref.key is not None:
            self._report_incomplete(ref, names, module)
            return None
        agent = self._agents.get(module.prefix + names[0].text) if len(names) == 2 else None
        if agent is None or names[0].text not in module.agents:
            self._report_agent(ref, ref.text.rpartition(".")[0])
            return None
        name = names[1].text
        found = agent.components.get(name)
        if found is not None and (not kinds or found.kind in kinds):
            return End(agent.name, name, ref.span)
        known = tuple(n for n, c in agent.components.items() if not kinds or c.kind in kinds)
        self._findings.report(
            UnknownEnd(
                names[1].span,
                agent=agent.name,
                name=name,
                wanted=kinds,
                kind=found.kind if found else "",
                known=known,
            )
        )
        self._unsure.add(agent.name)
        return None

    def doubt(self, ref: tree.Ref) -> None:
        """Remember that an agent takes part in something that was reported."""
        module, names = self._module.reach(ref.names)
        if module is not None:
            name = module.prefix + names[0].text
            self._unsure.update((name,) if name in self._agents else self._agents)

    def _report_agent(self, ref: tree.Ref, name: str) -> None:
        known = (*self._module.agents, *(f"{a}.{n}" for a, i in self._module.imports.items()
                                         if i.module for n in i.module.agents))  # fmt: skip
        self._findings.report(UnknownAgent(ref.span, name=name, known=known))

    def _report_incomplete(
        self, ref: tree.Ref, names: tuple[tree.Name, ...], module: Module
    ) -> None:
        agent = self._agents.get(module.prefix + names[0].text)
        known = (
            tuple(f"{ref.text}.{n}" for n in agent.components)
            if agent
            else tuple(
                f"{n}.{ref.text}" for n, a in self._agents.items() if ref.text in a.components
            )
        )
        self._findings.report(IncompleteName(ref.span, name=ref.text, known=known[:3]))
