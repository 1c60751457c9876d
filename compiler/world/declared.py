"""The agents that generated scripts declare, as objects of this process."""

from functools import cache
from typing import Any

from flumec.compiler import plan
from flumec.runtime.agent import Agent

_AGENTS: dict[int, tuple[plan.Agent, Agent]] = {}


def declared(agent: plan.Agent) -> Agent:
    """Return the agent that the generated script of a host declares, each made once."""
    from flumec.compiler.emit.script import script

    known = _AGENTS.get(id(agent))
    if known is None or known[0] is not agent:
        names: dict[str, Any] = {"__name__": "agent"}
        exec(_code(script(agent)), names)  # noqa: S102 it is what we have just written
        known = _AGENTS[id(agent)] = agent, names["agent"]
    return known[1]


@cache
def _code(text: str) -> Any:
    return compile(text, "agent.py", "exec")
