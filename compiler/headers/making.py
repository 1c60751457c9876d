"""What the headers that a step sets follow from: the event itself, or when and where it passes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from flumec.compiler.headers.steps import complete, keeps, named
from flumec.compiler.model import Step
from flumec.compiler.values import varies
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
    """Whether the file gives it another value on each host."""


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
    return _decided(steps, fixed_by)


def told_by(step: Step) -> frozenset[str]:
    """Return the headers that a step gives another value on each host, on all events."""
    made = making(step)
    return fixed_by(step) if made.host or made.varied else frozenset()


def told_behind(steps: Sequence[Step]) -> frozenset[str]:
    """Return the headers that have another value on each host behind steps, on all events."""
    return _decided(steps, told_by)


def _decided(steps: Sequence[Step], decides: Callable[[Step], frozenset[str]]) -> frozenset[str]:
    """Return the headers of which the last step that sets them decides so."""
    found, others = set[str](), set[str]()
    for step in reversed(steps):
        if step.declaration is None:  # it may set what it likes
            break
        if not keeps(step):
            made = decides(step)
            found |= made - others
            others |= set_by(step) - made
    return frozenset(found)
