"""What the headers that a step sets follow from: the event itself, or when and where it passes."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.headers.steps import complete, constant_on, keeps, named
from flumec.compiler.model import Host, HostFact, Step
from flumec.compiler.values import fact, facts_in, resolve, varies
from flumec.runtime.component import Header


class Making(NamedTuple):
    """What a step makes the values of its headers from; nothing at all: the file fixes them."""

    headers: tuple[str, ...] = ()
    """Other headers of the event."""
    body: bool = False
    clock: bool = False
    host: bool = False
    """Whether it says of the host what the host is."""
    varied: bool = False
    """Whether the file gives it a value that goes by the host; several may share one."""


def making(step: Step) -> Making:
    """Return what a step makes its headers from, as its class declares it."""
    declared = step.declaration
    if declared is None:
        return Making()
    parts = declared.made_of(complete(step))
    others = {part for part in parts if not isinstance(part, Header)}  # one may be named `body`
    return Making(
        tuple(str(part) for part in parts if isinstance(part, Header)),
        "body" in others,
        "clock" in others,
        "host" in others,
        any(varies(held.value) for held in step.values.values()),
    )


def set_by(step: Step) -> frozenset[str]:
    """Return the headers that a step sets, on all events or on some."""
    declared = step.declaration
    properties = () if declared is None else (*declared.sets, *declared.finds)
    return frozenset(name for property_ in properties for name in named(step, property_))


def fills_gaps(step: Step) -> bool:
    """Return whether a step only gives events that lack its header one value for many of them."""
    return step.declaration is not None and step.declaration.alike and keeps(step)


def fixed_by(step: Step) -> frozenset[str]:
    """Return the headers that a step gives one value on all events of an agent on a host."""
    declared = step.declaration
    if declared is None or declared.finds or keeps(step):
        return frozenset()
    made = making(step)
    return frozenset() if made.headers or made.body or made.clock else set_by(step)


def fixed_behind(steps: Sequence[Step]) -> frozenset[str]:
    """Return the headers that have one value on all events of an agent on a host behind steps.

    The last step that sets a header decides; one that keeps what is there has nothing to do behind
    one that fixes it.
    """
    found, others = set[str](), set[str]()
    for step in reversed(steps):
        if step.declaration is None:  # it may set what it likes
            break
        if not keeps(step):
            made = fixed_by(step)
            found |= made - others
            others |= set_by(step) - made
    return frozenset(found)


def told_behind(steps: Sequence[Step], host: Host) -> Mapping[str, Hashable]:
    """Return what headers are on a host behind steps, of those that have one value on all events.

    What stands for a value is equal on two hosts where the values are.
    """
    fixed, found = fixed_behind(steps), dict[str, Hashable]()
    for step in steps:
        for name in fixed & fixed_by(step):  # the last one decides
            found[name] = told_on(step, host)
    return found


def goes_by_host(step: Step, hosts: Iterable[Host]) -> bool:
    """Return whether a step makes its headers of the host, and not alike on all of some."""
    of = making(step)
    return (of.host or of.varied) and len(told_on_some(step, hosts)) > 1


def told_on_some(step: Step, hosts: Iterable[Host]) -> frozenset[Hashable]:
    """Return what a step tells on some hosts, two at most; it is asked once for equal facts, as ten
    thousand hosts may have.
    """
    facts = [one for held in step.values.values() for one in facts_in(held.value)]
    by_name, asked, found = making(step).host, set[Hashable](), set[Hashable]()
    for host in hosts:
        known = host.name if by_name else _facts_on(facts, host)
        if known not in asked:
            asked.add(known)
            found.add(told_on(step, host))
        if len(found) > 1:
            break
    return frozenset(found)


def _facts_on(facts: Sequence[HostFact], host: Host) -> Hashable:
    try:
        return tuple(str(fact(one, host, host.address)) for one in facts)
    except KeyError:  # with a mistake that was reported
        return host.name


def told_on(step: Step, host: Host) -> Hashable:
    """Return what a step tells on a host, or what that follows from."""
    told = constant_on(step, host)
    if told is not None:
        return told
    try:
        said = (resolve(held.value, host, host.address) for held in step.values.values())
        return repr(tuple(said)), host.name if making(step).host else ""
    except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
        return host.name
