"""The agents that generated scripts declare, as objects of this process."""

from functools import lru_cache
from typing import Any
from weakref import ref

from flumec.compiler import plan
from flumec.runtime.agent import Agent

_AGENTS: dict[int, tuple[ref[plan.Agent], Agent]] = {}
"""By what tells plans' agents apart, which are not compared; each goes with the agent's plan."""


def declared(agent: plan.Agent) -> Agent:
    """Return the agent that the generated script of a host declares, each made once."""
    from flumec.compiler.emit.script import script

    key = id(agent)
    known = _AGENTS.get(key)
    if known is None:
        names: dict[str, Any] = {"__name__": "agent"}
        exec(_code(script(agent)), names)  # noqa: S102 it is what we have just written
        watched = ref(agent, lambda _: _AGENTS.pop(key, None))  # before another one has its `id`
        known = _AGENTS[key] = watched, names["agent"]
    return known[1]


@lru_cache(maxsize=256)  # a fleet that is compiled anew most often has scripts of before
def _code(text: str) -> Any:
    return compile(text, "agent.py", "exec")
