"""What is made of agents that are alike, but for the host that they are for, is made once."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from operator import attrgetter, is_
from typing import Any, TypeVar

from flumec.compiler.plan import Agent

T = TypeVar("T")

_KEPT = 16
"""How many agents are remembered: those of one host come before those of the next."""

_work = attrgetter(*(each.name for each in fields(Agent) if each.name not in ("host", "address")))
"""All that an agent does."""


def once_for_alike(make: Callable[[Agent], T]) -> Callable[[Agent], T]:
    """Remember what is made of an agent; it must depend on neither its host nor its address.

    Alike are those whose parts the plan shares: equal sizes may be written in different units.
    """
    known: dict[str, tuple[tuple[Any, ...], T]] = {}

    @wraps(make)
    def remembered(agent: Agent) -> T:
        work, earlier = _work(agent), known.get(agent.name)
        if earlier is not None and all(map(is_, work, earlier[0])):
            return earlier[1]
        made = make(agent)
        if len(known) >= _KEPT:
            known.clear()
        known[agent.name] = (work, made)
        return made

    return remembered
