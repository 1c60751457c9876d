"""Chains: what they begin at, their interceptors, and where they end."""

from collections.abc import Sequence
from dataclasses import replace

from flumec.compiler import tree
from flumec.compiler.bind.calls import read_call
from flumec.compiler.bind.catalogue import interceptor_types
from flumec.compiler.bind.chain_mistakes import (
    ChainLeavesAgent,
    NotAStep,
    UnknownComponent,
    UnknownInterceptor,
)
from flumec.compiler.bind.groups import GROUPS, group_form
from flumec.compiler.bind.kinds_plain import header_name
from flumec.compiler.bind.kinds_text import text_parts
from flumec.compiler.bind.mistakes import WrongType, kind_of_node
from flumec.compiler.bind.route_mistakes import NoHeader, OptionalNothing, UnknownGroupFunction
from flumec.compiler.bind.scope import Env
from flumec.compiler.model import Arm, Chain, Group, Route, Step, Target

_NO_TARGETS: tuple[Target, ...] = ()


def bind_chain(node: tree.Chain, env: Env) -> tuple[Chain | None, bool]:
    """Return a chain, or None if it begins at nothing, and whether nothing in it was reported."""
    first, *between = node.nodes
    start = _start(first, env)
    steps, whole = _steps(between, env)
    end: tuple[Target, ...] | Group | Route
    if isinstance(node.end, tree.Route):
        end, fine = _route(node.end, env)
        whole = whole and fine
    else:
        found = _end(node.end, env)
        whole = whole and found is not None
        through = any(isinstance(n, tree.Ref) and n.text in env.components for n in between)
        end = _NO_TARGETS if found is None or through else found
    if start is None:
        return None, False
    return Chain(start, first.span, steps, end, node.span), whole


def _start(node: tree.Ref | tree.Call, env: Env) -> str | None:
    """Return the name of the component that a chain begins at."""
    if isinstance(node, tree.Call):
        env.findings.report(NotAStep(node.span, name=node.function.text, kind="", first=True))
        return None
    return _component(node, env)


def _component(ref: tree.Ref, env: Env) -> str | None:
    """Return the name of a component of the agent; None if it has none of that name."""
    if len(ref.names) == 1 and ref.key is None:
        if ref.text in env.components:
            return ref.text
        known = tuple(env.components)
        env.findings.report(UnknownComponent(ref.span, name=ref.text, known=known))
    else:
        env.findings.report(ChainLeavesAgent(ref.span, name=ref.text))
    return None


def _steps(nodes: Sequence[tree.Ref | tree.Call], env: Env) -> tuple[tuple[Step, ...], bool]:
    """Return the interceptors between a chain's ends."""
    steps, whole = [], True
    for node in nodes:
        if isinstance(node, tree.Call):
            step, fine = _step(node, env)
            whole = whole and fine
            if step is not None:
                steps.append(step)
            continue
        whole = False
        kind = env.components.get(node.text, "")
        if kind or node.text in interceptor_types():
            env.findings.report(NotAStep(node.span, name=node.text, kind=kind, first=False))
        else:
            _report_unknown_step(node, env)
    return tuple(steps), whole


def _step(call: tree.Call, env: Env) -> tuple[Step | None, bool]:
    name = call.function.text
    entry = interceptor_types().get(name)
    if entry is None:
        if len(call.function.names) > 1:
            env.findings.feature(f"the plug-in interceptor `{name}`", call.function.span)
            return Step(name, None, {}, call.span), True
        _report_unknown_step(call.function, env)
        return None, False
    if entry.feature:
        env.findings.feature(entry.feature, call.function.span)
    values, whole = read_call(call.args, entry.form, call.function.span, env)
    return Step(name, entry.declaration, values, call.span), whole


def _report_unknown_step(ref: tree.Ref, env: Env) -> None:
    known = tuple(interceptor_types())
    env.findings.report(UnknownInterceptor(ref.span, name=ref.text, known=known))


def _end(targets: Sequence[tree.Target], env: Env) -> tuple[Target, ...] | Group | None:
    """Return a chain's end: its targets, or one group; None if one of them is unknown."""
    if len(targets) == 1 and isinstance(targets[0].node, tree.Call):
        return _group(targets[0].node, env)
    return _targets(targets, env)


def _targets(targets: Sequence[tree.Target], env: Env) -> tuple[Target, ...] | None:
    found, whole = [], True
    for target in targets:
        bound = _target(target, env)
        whole = whole and bound is not None
        if bound is not None:
            found.append(bound)
    return tuple(found) if whole else None


def _target(target: tree.Target, env: Env) -> Target | None:
    if isinstance(target.node, tree.Call):
        name = target.node.function.text
        if name in interceptor_types():
            env.findings.report(NotAStep(target.span, name=name, kind="end", first=False))
        else:
            _report_unknown_group(target.node, env)
        return None
    if target.node.text == "drop" and "drop" not in env.components:
        if target.optional:
            env.findings.report(OptionalNothing(target.span, name="drop", kind=""))
        return Target(None, optional=False, span=target.span)
    name_or_none = _component(target.node, env)
    if name_or_none is None:
        return None
    kind = env.components[name_or_none]
    if target.optional and kind != "channel":
        env.findings.report(OptionalNothing(target.span, name=name_or_none, kind=kind))
    return Target(name_or_none, target.optional, target.span)


def _group(call: tree.Call, env: Env) -> Group | None:
    """Return `failover(a, b, in_doubt = wait)`."""
    kind = call.function.text
    if kind in interceptor_types():
        env.findings.report(NotAStep(call.span, name=kind, kind="end", first=False))
        return None
    if kind not in GROUPS:
        _report_unknown_group(call, env)
        return None
    members, whole = [], True
    for arg in (arg for arg in call.args if arg.name is None):
        name = _component(arg.value, env) if isinstance(arg.value, tree.Ref) else None
        if not isinstance(arg.value, tree.Ref):
            found = kind_of_node(arg.value)
            env.findings.report(
                WrongType(arg.span, slot=kind, expected="the names of sinks", found=found)
            )
        whole = whole and name is not None
        if name is not None:
            members.append(Target(name, optional=False, span=arg.span))
    named = [arg for arg in call.args if arg.name is not None]
    values, fine = read_call(named, group_form(kind), call.function.span, env)
    return Group(kind, tuple(members), call.span, values) if whole and fine else None


def _report_unknown_group(call: tree.Call, env: Env) -> None:
    name = call.function.text
    env.findings.report(UnknownGroupFunction(call.function.span, name=name, known=GROUPS))


def _route(route: tree.Route, env: Env) -> tuple[Route, bool]:
    name = header_name(route.header)
    whole = name is not None
    if name is None:
        env.findings.report(NoHeader(route.header.span, name=route.header.text))
    arms = []
    for arm in route.arms:
        bound, fine = _arm(arm, env)
        arms.append(bound)
        whole = whole and fine
    return Route(name or "", tuple(arms), route.span), whole


def _arm(arm: tree.Arm, env: Env) -> tuple[Arm, bool]:
    values = [(_value(node, env), node.span) for node in arm.values or ()]
    steps, whole = _steps(arm.calls, env)
    targets = _targets(arm.targets, env)
    taken = tuple((value, span) for value, span in values if value is not None)
    known = None if arm.values is None else tuple(value for value, _ in taken)
    spans = tuple(span for _, span in taken)
    return Arm(known, steps, targets or (), arm.span, spans), whole and targets is not None


def _value(node: tree.String, env: Env) -> str | None:
    """Return a value that an arm is for; it must be the same on every host."""
    parts = text_parts(node, replace(env, hosts=None))
    if parts is None:
        return None
    return "".join(part for part in parts if isinstance(part, str))
