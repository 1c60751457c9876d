"""Agents: their hosts, parts, chains and settings, with what a template brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flumec.compiler import tree
from flumec.compiler.bind.agent_settings import AgentSettings
from flumec.compiler.bind.chains import bind_chain
from flumec.compiler.bind.components import Part, bind_component
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.hosts import HostSets
from flumec.compiler.bind.module import Module, clash
from flumec.compiler.bind.properties import Filling, Form, Layer, fields_of, form_of
from flumec.compiler.bind.property_mistakes import Misplaced, what_stands
from flumec.compiler.bind.scope import SOME_HOSTS, Env
from flumec.compiler.bind.templates import Templates
from flumec.compiler.model import Agent, Chain, Journal, Value
from flumec.compiler.source import Span
from flumec.runtime.journal_settings import Journal as Settings


@dataclass(slots=True)
class _Contents:
    """An agent's statements, sorted by what they are, each with the names that it sees."""

    components: dict[str, list[Part]]
    chains: list[tuple[tree.Chain, Env]]
    journals: dict[str, list[tuple[tree.Section, Env]]]
    settings: list[Layer]


class Agents:
    """Binds agents one by one."""

    def __init__(self, hosts: HostSets, templates: Templates, findings: Findings) -> None:
        self._hosts, self._templates, self._findings = hosts, templates, findings

    def bind(self, node: tree.Agent, module: Module) -> tuple[Agent, bool]:
        """Return an agent, and whether its wiring is as the file means it."""
        env = module.env(self._findings)
        hosts = self._hosts.of(node.on, module, env)
        env = replace(env, hosts=hosts or SOME_HOSTS)
        layers: list[tuple[tree.Block, Env, Module]] = []
        whole = hosts is not None
        if node.template is not None:
            body = self._templates.body(node.template, module, env)
            whole = whole and body is not None
            if body is not None:
                layers.append((body.block, body.env, module))
        if node.block is not None:
            layers.append((node.block, env, module))
        contents = self._sorted(layers)
        kinds = {name: parts[-1].node.kind for name, parts in contents.components.items()}
        journals = frozenset(contents.journals)
        for parts in contents.components.values():
            parts[:] = [
                replace(part, env=replace(part.env, components=kinds, journals=journals))
                for part in parts
            ]
        components = {
            name: bind_component(parts, self._templates)
            for name, parts in contents.components.items()
        }
        chains, fine = self._chains(contents.chains, kinds)
        agent = Agent(
            name=module.prefix + node.name.text,
            hosts=hosts or replace(SOME_HOSTS, span=node.on.span),
            components=components,
            chains=chains,
            journals={n: self._journal(n, found) for n, found in contents.journals.items()},
            settings=self._settings(contents.settings, node.name.span),
            span=node.span,
            name_span=node.name.span,
            source=node.span.source,
            doc=node.doc,
        )
        return agent, whole and fine

    def _sorted(self, layers: Sequence[tuple[tree.Block, Env, Module]]) -> _Contents:
        contents = _Contents({}, [], {}, [])
        for block, env, module in layers:
            rest: list[tree.Statement] = []
            here: dict[str, Span] = {}
            for statement in block.statements:
                match statement:
                    case tree.Component():
                        self._enter(statement, env, module, here, contents)
                    case tree.Chain():
                        contents.chains.append((statement, env))
                    case tree.Section() if statement.name.text == "journal" and statement.label:
                        self._enter_journal(statement, env, here, contents)
                    case tree.Attr() | tree.Section():
                        rest.append(statement)
                    case _:
                        what = what_stands(statement)
                        self._findings.report(
                            Misplaced(statement.span, what=what, owner="an agent")
                        )
            contents.settings.append((tree.Block(tuple(rest), block.span), env))
        return contents

    def _enter(
        self,
        node: tree.Component,
        env: Env,
        module: Module,
        here: dict[str, Span],
        contents: _Contents,
    ) -> None:
        """Enter a component; one of a template's may be written again, to override it."""
        name = node.name.text
        before = contents.components.get(name, [])
        same = not before or (
            before[0].node.kind == node.kind and before[0].node.type.text == node.type.text
        )
        if name in here or not same:
            first = here.get(name) or before[0].node.name.span
            clash(node.name, node.span, "component", first, self._findings)
            return
        here[name] = node.name.span
        contents.components.setdefault(name, []).append(Part(node, env, module))

    def _enter_journal(
        self, node: tree.Section, env: Env, here: dict[str, Span], contents: _Contents
    ) -> None:
        assert node.label is not None
        name = node.label.text
        if (first := here.get(f"journal {name}")) is not None:
            clash(node.label, node.span, "journal", first, self._findings)
            return
        here[f"journal {name}"] = node.label.span
        contents.journals.setdefault(name, []).append((node, env))

    def _chains(
        self, nodes: Sequence[tuple[tree.Chain, Env]], kinds: Mapping[str, str]
    ) -> tuple[tuple[Chain, ...], bool]:
        chains, whole = [], True
        for node, env in nodes:
            chain, fine = bind_chain(node, replace(env, components=kinds))
            whole = whole and fine
            if chain is not None:
                chains.append(chain)
        return tuple(chains), whole

    def _journal(self, name: str, nodes: Sequence[tuple[tree.Section, Env]]) -> Journal:
        node, env = nodes[-1]
        filling = Filling(Form("a journal", fields_of(Settings.props.values()), Settings))
        for section, its_env in nodes:
            filling.read(section.block, its_env)
        return Journal(name, filling.finish(node.name.span, env), node.span)

    def _settings(self, layers: Sequence[Layer], span: Span) -> dict[str, Value]:
        filling = Filling(form_of(AgentSettings, "an agent"))
        for block, env in layers:
            filling.read(block, env)
        return filling.finish(span, layers[-1][1]) if layers else {}
