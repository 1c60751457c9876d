"""An agent as plain data, in the words of a .flow file: what a later build is compared with.

It stands in the manifest, once for all hosts whose agents are alike. Neither comments nor places
in files are in it, nor the host's name: two agents are described alike if they do the same.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, get_args, get_origin

from flumec.compiler.emit.alike import once_for_alike
from flumec.compiler.plan import (
    Agent,
    Arm,
    Flow,
    Group,
    Part,
    ReceivingHalf,
    Route,
    SendingHalf,
    Target,
)
from flumec.runtime.component import After, Declared, Header, Ref, Secret
from flumec.runtime.quantity import Duration, Size

Described: TypeAlias = dict[str, Any]

_HEADER = "header"


class Descriptions:
    """The descriptions of one fleet's agents by their digests."""

    def __init__(self) -> None:
        self.known: dict[str, Described] = {}

    def add(self, agent: Agent) -> str:
        """Describe an agent; return the digest that the description is known by, 16 hex digits."""
        digest, description = _digested(agent)
        self.known.setdefault(digest, description)
        return digest


@once_for_alike
def _digested(agent: Agent) -> tuple[str, Described]:
    description = _description(agent)
    data = json.dumps(description, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(data.encode()).hexdigest()[:16], description


def _description(agent: Agent) -> Described:
    chains: dict[str, list[str]] = {}
    for flow in agent.flows:
        chains.setdefault(flow.source, []).append(_chain(flow))
    return {
        "agent": agent.name,
        "components": {part.name or "": _component(part) for part in agent.parts},
        "flows": chains,
        "deliveries": {each.channel: _consumer(each.consumer) for each in agent.deliveries},
        "sends": {half.link: _sending(half) for half in _whole(agent.senders)},
        "receives": {half.name: _receiving(half) for half in agent.receivers},
        "journals": {part.name or "": _component(part) for part in agent.journals},
        "settings": {
            "metrics_port": agent.metrics_port,
            "limits": {name: said(value) for name, value in agent.limits.items()},
        },
        "user": agent.user,
        "credentials": list(agent.credentials),
    }


def _component(part: Part) -> Described:
    return {"kind": part.kind, "type": part.type, "values": _values(part)}


def said(value: Any, kind: Any = None) -> Any:
    """Return a final value of a property of type `kind` as a file says it; a block is an object.

    >>> said(Header("user")), said("a b"), said("wait", Literal["wait", "resend"]), said((1, True))
    ('header.user', '"a b"', 'wait', '[1, true]')
    """
    match value:
        case bool() | None:
            return str(value).lower()
        case Part(kind="section", type=""):
            return _values(value)
        case Part():
            return f"{value.type}({_arguments(value)})"
        case tuple() | list():
            return f"[{', '.join(str(said(item)) for item in value)}]"
        case Size():
            return str(Size(int(value)))  # in one unit, whichever it was written in
        case Duration():
            return str(Duration(float(value)))
        case Header():
            plain = value.isidentifier() and value.isascii()
            return f"{_HEADER}.{value}" if plain else f"{_HEADER}[{_quoted(value)}]"
        case Secret():
            return f"secret({_quoted(value.name)})"
        case After():
            return f"after({value.duration})"
        case Ref():
            return str(value)
        case str() if kind is not None and value in _words(kind):
            return str(value)
        case str() | PurePath():
            return _quoted(str(value))
    return str(value)


def _values(part: Part) -> dict[str, Any]:
    return _all_said(part.values, _types(part.module, part.cls))


def _all_said(values: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said(value, types.get(name)) for name, value in values.items()}


@cache
def _types(module: str, cls: str) -> Mapping[str, Any]:
    """Return the types of a declaration's properties by their names."""
    declaration = getattr(sys.modules.get(module), cls, None)
    known = isinstance(declaration, type) and issubclass(declaration, Declared)
    return {name: each.type for name, each in declaration.props.items()} if known else {}  # type: ignore[union-attr]


def _words(kind: Any) -> tuple[Any, ...]:
    """Return the bare words that a property of this type may be."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(word for member in get_args(kind) for word in _words(member))


def _arguments(part: Part) -> str:
    types = _types(part.module, part.cls)
    texts = {name: str(said(value, types.get(name))) for name, value in part.values.items()}
    by_position = [texts[name] for name in part.positional]
    rest = (f"{name} = {text}" for name, text in texts.items() if name not in part.positional)
    return ", ".join([*by_position, *rest])


def _chain(flow: Flow) -> str:
    """Return what comes behind a source: `timestamp() -> spool`."""
    steps = [f"{step.type}({_arguments(step)})" for step in flow.steps]
    return " -> ".join([*steps, _route(flow.to) if isinstance(flow.to, Route) else _ends(flow.to)])


def _route(route: Route) -> str:
    return f"route {said(Header(route.header))} {{ {'; '.join(map(_arm, route.arms))} }}"


def _arm(arm: Arm) -> str:
    values = "else" if arm.values is None else ", ".join(map(_quoted, arm.values))
    steps = [f"{step.type}({_arguments(step)})" for step in arm.steps]
    return " -> ".join([values, *steps, _ends(arm.targets)])


def _ends(targets: tuple[Target, ...]) -> str:
    return ", ".join(f"{each.channel or 'drop'}{'?' * each.optional}" for each in targets)


def _consumer(consumer: str | Group) -> str:
    if not isinstance(consumer, Group):
        return consumer
    doubt = [] if consumer.in_doubt is None else [f"in_doubt = {consumer.in_doubt}"]
    weights = [f"weights = {list(consumer.weights)}"] if consumer.weights else []
    key = [] if consumer.key is None else [str(said(Header(consumer.key)))]
    return f"{consumer.kind}({', '.join([*key, *consumer.members, *doubt, *weights])})"


def _whole(halves: Sequence[SendingHalf]) -> Iterator[SendingHalf]:
    """Yield each link once, with all its peers; who is preferred is what the delivery says."""
    for _, several in groupby(halves, attrgetter("link")):
        of_one = list(several)
        yield replace(of_one[0], peers=tuple(peer for half in of_one for peer in half.peers))


def _sending(half: SendingHalf) -> Described:
    return {
        "name": half.name,
        "channel": half.channel,
        "via": half.via,
        "wire": half.wire,
        "peers": {peer.host: f"{peer.address}:{peer.port}" for peer in half.peers},
        "values": _all_said(half.values, _link_types()),
    }


def _receiving(half: ReceivingHalf) -> Described:
    return {
        "via": half.via,
        "port": half.port,
        "links": {link: {"wire": wire, "to": channel} for link, wire, channel in half.links},
        "values": _all_said(half.values, _link_types()),
    }


@cache
def _link_types() -> Mapping[str, Any]:
    from flumec.runtime.links.settings import LinkSettings

    return {name: each.type for name, each in LinkSettings.props.items()}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
