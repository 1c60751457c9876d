"""Finding agents and their components by the names that links, checks and tests use."""

from collections.abc import Mapping

from flumec.compiler import tree
from flumec.compiler.bind.end_mistakes import IncompleteName, UnknownAgent, UnknownEnd
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.module import Module
from flumec.compiler.model import Agent, End


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
        """Return what `agent.name` names, of one of `kinds`; None if a mistake was reported."""
        module, names = self._module.reach(ref.names)
        if module is None:
            return None
        if len(names) == 1 or ref.key is not None:
            self._report_incomplete(ref, names, module, kinds)
            return None
        agent = self._agents.get(module.prefix + names[0].text) if len(names) == 2 else None
        if agent is None or names[0].text not in module.agents:
            self._report_agent(ref, ref.text.rpartition(".")[0])
            return None
        name = names[1].text
        found = agent.components.get(name)
        if found is not None and (not kinds or found.kind in kinds):
            return End(agent.name, name, ref.span)
        if names[0].text in self._findings.taken:  # perhaps the other one of that name has it
            return None
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
        last = ref.names[name.count(".")].span
        span = last._replace(start=ref.span.start)
        self._findings.report(UnknownAgent(span, name=name, known=known))

    def _report_incomplete(
        self, ref: tree.Ref, names: tuple[tree.Name, ...], module: Module, kinds: tuple[str, ...]
    ) -> None:
        """Report a component without its agent, or an agent without a component."""
        agent = self._agents.get(module.prefix + names[0].text)
        fits = kinds or ("channel",)  # where all kinds are taken, a link's end stands
        if agent is not None:
            known = tuple(f"{ref.text}.{n}" for n, c in agent.components.items() if c.kind in fits)
        else:
            known = tuple(
                f"{n}.{ref.text}" for n, a in self._agents.items() if ref.text in a.components
            )
        self._findings.report(IncompleteName(ref.span, name=ref.text, known=known[:3]))
