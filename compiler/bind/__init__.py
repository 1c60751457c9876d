"""Binding: from syntax trees to one fleet, every name resolved and every value typed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flumec.compiler import tree
from flumec.compiler.bind.agents import Agents
from flumec.compiler.bind.directory import Directory
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.hosts import HostSets
from flumec.compiler.bind.links import bind_link
from flumec.compiler.bind.load import Loader, Reader
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.proofs import bind_proof
from flumec.compiler.bind.templates import Templates
from flumec.compiler.bind.trials import bind_trial
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options
from flumec.compiler.source import Span

__all__ = ["bind"]


def bind(
    paths: Sequence[Path], options: Options, reader: Reader = Path.read_bytes
) -> tuple[Fleet, list[Diagnostic]]:
    """Bind the files at `paths`, which together are one fleet, and all that they import.

    `reader` is the only door to files and may raise OSError. Whatever the files say, this returns:
    a fleet of what could be understood, and what is wrong with the rest.
    """
    findings = Findings()
    loader = Loader(options, reader, findings)
    root = loader.load(paths)
    modules = tuple(root.walk())
    hosts, fleet = HostSets(loader.named, loader.inventory, findings), Fleet()
    fleet.host_sets = hosts.make_all(modules)
    _bind_agents(modules, hosts, fleet, findings)
    for module in modules:
        directory = Directory(module, fleet.agents, fleet.unsure, findings)
        links = (bind_link(one, module, fleet.agents, directory, findings) for one in module.links)
        fleet.links.extend(link for link in links if link is not None)
        env = replace(module.env(findings), directory=directory)
        fleet.proofs.extend(bind_proof(check, env) for check in module.checks)
        fleet.trials.extend(bind_trial(test, env) for test in module.tests)
    fleet.sources, fleet.elsewhere = tuple(loader.sources), frozenset(loader.elsewhere)
    fleet.future = findings.features
    unused = (
        one for one in _unused(modules, root, hosts, fleet) if one[1] not in findings.left_out
    )
    fleet.unused = sorted(unused, key=lambda one: (one[2].source.path, one[2].start))
    return fleet, findings.diagnostics


def _bind_agents(
    modules: Sequence[Module], hosts: HostSets, fleet: Fleet, findings: Findings
) -> None:
    """Bind every agent, letting go of its tree as soon as that is done."""
    agents = Agents(hosts, Templates(), findings)
    for module in modules:
        for name in module.agents:
            agent, whole = agents.bind(module.agents[name], module)
            module.agents[name] = _bound(module.agents[name])
            fleet.agents[agent.name] = agent
            if not whole or findings.mentions_unread(name, agent.span):
                fleet.unsure.add(agent.name)


def _bound(node: tree.Agent) -> tree.Agent:
    """Return an agent's tree without its contents."""
    return replace(node, block=None, template=None)


def _unused(
    modules: Sequence[Module], root: Module, hosts: HostSets, fleet: Fleet
) -> Iterator[tuple[str, str, Span]]:
    """Yield what nothing uses; an imported file's lets and templates may be for its other users.

    So may the host sets of a file without agents.
    """
    seen: set[tuple[int, int]] = set()
    for module in modules:
        for binding in module.scope.values.values():
            key = (id(binding.span.source), binding.span.start)
            wanted = binding.expr is not None and (binding.kind == "param" or module is root)
            if wanted and not binding.used and key not in seen:
                seen.add(key)
                yield binding.kind, binding.name, binding.span
        for alias, imported in module.imports.items():
            if not imported.used and imported.module and not _does_something(imported.module):
                yield "import", alias, imported.node.name.span
    for name, declared in root.hosts.items():
        if root.agents and name in fleet.host_sets and not hosts.uses(root, name):
            yield "host set", name, declared.name.span
    for name, template in root.templates.items():
        if name not in root.used_templates:
            yield "template", name, template.name.span


def _does_something(module: Module) -> bool:
    """Whether a module adds to the fleet by being imported, as it or what it imports now reads."""
    return any(
        part.agents
        or part.links
        or part.checks
        or part.tests
        or any(imported.module is None for imported in part.imports.values())
        for part in module.walk()
    )
