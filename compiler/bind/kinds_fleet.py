"""Names of agents and their components as values, in checks and tests."""

import re
from typing import Any

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.mistakes import WrongType, kind_of_node
from flumec.compiler.bind.scope import Env
from flumec.compiler.model import AgentName
from flumec.runtime.frozen import frozen

_NAMES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@frozen
class NameKind(Kind):
    """The name of something in the fleet."""

    def refuse(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Report a value of another type; a text may be a name in quotes."""
        if not isinstance(expr, tree.String):
            return Kind.refuse(self, expr, env, slot)
        named = _NAMES.fullmatch(expr.raw)
        help_ = f"write it without quotes: {expr.raw}" if named else None
        found = kind_of_node(expr)
        env.findings.report(
            WrongType(expr.span, slot=slot.name, expected=self.expected, found=found, help=help_)
        )
        return BROKEN


@frozen
class AgentKind(NameKind):
    """The name of an agent, `collector` or `p.collector`."""

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Return the agent's qualified name."""
        assert env.directory is not None
        if not isinstance(expr, tree.Ref):
            return self.refuse(expr, env, slot)
        agent = env.directory.agent(expr)
        return BROKEN if agent is None else AgentName(agent.name)


@frozen
class EndKind(NameKind):
    """The name of a component, `collector.store`, of one of `kinds`."""

    kinds: tuple[str, ...] = ()

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Return the component."""
        assert env.directory is not None
        if not isinstance(expr, tree.Ref):
            return self.refuse(expr, env, slot)
        return env.directory.component(expr, self.kinds) or BROKEN


AGENT = AgentKind("agent", "the name of an agent", AgentName)
SOURCE = EndKind("source", "a source, `agent.source`", None, kinds=("source",))
CHANNEL = EndKind("channel", "a link's sending channel, `agent.channel`", None, kinds=("channel",))
SINK = EndKind("sink", "a sink, `agent.sink`", None, kinds=("sink",))
END = EndKind(
    "component",
    "a source, channel or sink, `agent.name`",
    None,
    kinds=("source", "channel", "sink"),
)
