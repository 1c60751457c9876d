"""One agent's script: declarations, then the wiring, then `agent.run()`; no logic."""

from collections.abc import Iterator, Mapping

from flumec.compiler.emit.alike import once_for_alike
from flumec.compiler.emit.calls import Calls
from flumec.compiler.emit.layout import LINE, Call, lay_out
from flumec.compiler.emit.literal import comment, docstring
from flumec.compiler.emit.picture import picture
from flumec.compiler.emit.templates import render
from flumec.compiler.emit.words import Imports, variables
from flumec.compiler.plan import Agent, Group
from flumec.runtime.frozen import frozen


def script(agent: Agent) -> str:
    """Return the text of an agent's script, formatted."""
    body = _body(agent)
    made = Calls(Imports()).agent(agent)
    return render(
        "agent.py.j2",
        docstring=docstring(_summary(agent)),
        imports=body.imports,
        statements=body.statements,
        wiring=[lay_out(made, "agent = "), *body.wiring],
    )


@frozen
class _Body:
    """What a script says, but for the host that it is for."""

    imports: list[list[str]]
    statements: list[str]
    wiring: list[str]


@once_for_alike
def _body(agent: Agent) -> _Body:
    imports = Imports()
    calls = Calls(imports)
    makers = [(part.name or "", part.doc, part.origin, calls.part(part)) for part in agent.parts]
    makers += [(half.name, "", half.origin, calls.receiver(half)) for half in agent.receivers]
    makers += [(half.name, "", half.origin, calls.sender(half)) for half in agent.senders]
    calls.agent(agent)
    # Names are chosen when all imports are known; the wiring's are, after a rehearsal.
    for journal in agent.journals:
        calls.part(journal)
    for flow in agent.flows:
        calls.flow(flow, _Anything())
    for delivery in agent.deliveries:
        if isinstance(delivery.consumer, Group):
            calls.group(delivery.consumer, _Anything())
    names = variables((name for name, _, _, _ in makers), imports.names)
    return _Body(
        [[_import(module, names) for module, names in block] for block in imports.blocks()],
        [_statement(names[name], doc, origin, call) for name, doc, origin, call in makers],
        [lay_out(call) for call in _wiring(agent, calls, names)],
    )


class _Anything(dict[str, str]):
    """Stands for the variables while the wiring is rehearsed."""

    def __missing__(self, key: str) -> str:
        return key


def _statement(variable: str, doc: str, origin: str, call: Call) -> str:
    lines = [*comment(doc), *comment(f"see {origin}"), lay_out(call, f"{variable} = ")]
    return "\n".join(lines)


def _wiring(agent: Agent, calls: Calls, names: Mapping[str, str]) -> Iterator[Call]:
    for journal in agent.journals:
        yield Call("agent.keep", [calls.part(journal)])
    for flow in agent.flows:
        yield calls.flow(flow, names)
    for half in agent.receivers:
        for link, wire, channel in half.links:
            yield calls.receipt(names[half.name], link, wire, names[channel])
    for channel in agent.keeps:
        yield Call("agent.hold", [names[channel]])
    for delivery in agent.deliveries:
        consumer = delivery.consumer
        said = calls.group(consumer, names) if isinstance(consumer, Group) else names[consumer]
        yield Call("agent.deliver", [names[delivery.channel], said])


def _summary(agent: Agent) -> str:
    lines = [f"Agent `{agent.name}`, for host {agent.host}.", ""]
    if agent.doc:
        lines += [*agent.doc.splitlines(), ""]
    lines += [f"    {line}" for line in picture(agent)]
    made = f"Made by flumec from {agent.file} ({agent.file_digest[:12]})."
    return "\n".join([*lines, "", f"{made} Change that file, not this one."])


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
