"""The key of a sink's `dedup` by one way from a component, as it is by the others that leave there.

Copies of an event part by several ways; and of what happens twice, each time another way may be
taken: as a link chooses, or a route by a header, or as an event is given up the one time.
"""

from collections.abc import Sequence

from flumec.compiler.model import Agent, Arm, Route
from flumec.compiler.proofs.key import Key
from flumec.compiler.proofs.way import Way

Keys = Sequence[tuple[Way, Key]]
"""The keys that one sink has by ways from one component, before the steps of arms."""


def key_by(way: Way, key: Key, found: Keys, agent: Agent, *, several: bool) -> Key:
    """Return the key by one of the ways that are `found`, of an agent, before the steps of an arm
    and behind those of a chain; `several` says whether a host that sends has several peers.
    """
    by_letters = way.kind == "letters"
    if way.kind == "link" and way.link is not None:
        key = key.across(
            way.link, [one for other, one in found if other.link is way.link], several=several
        )
    elif way.edge is not None and way.edge.arm is not None:
        key = _by_arm(way, key, found, agent)
    elif not by_letters:
        key = key.beside(one for other, one in found if _is_of(way, other))
    return key.unlike(one for other, one in found if (other.kind == "letters") is not by_letters)


def _by_arm(way: Way, key: Key, found: Keys, agent: Agent) -> Key:
    """Return the key before an arm; where others make it by other steps, the header's value does
    so by which one an event goes.
    """
    made = [(other, _before_arm(other, one, agent)) for other, one in found if _is_of(way, other)]
    mine, arm = _before_arm(way, key, agent), _arm(way)
    key = mine.beside(one for other, one in made if _arm(other) is arm)
    route = way.edge.chain.end if way.edge is not None and way.edge.chain is not None else None
    if not isinstance(route, Route) or arm is None or all(one.made == mine.made for _, one in made):
        return key
    return key.by_arm(str(route.header), arm.values or ())


def _before_arm(way: Way, key: Key, agent: Agent) -> Key:
    arm = _arm(way)
    return key if arm is None else key.before(arm.steps, agent)


def _arm(way: Way) -> Arm | None:
    return None if way.edge is None else way.edge.arm


def _is_of(way: Way, other: Way) -> bool:
    """Return whether another way leaves by the same chain."""
    return way.edge is not None and other.edge is not None and way.edge.chain is other.edge.chain
