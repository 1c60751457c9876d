"""Whether copies that leave a source by two ways carry one tag, by which a `dedup` may know them.

The journal that stores an event first names it, by its row. A frame that goes into several channels
is one set of rows; each chain, arm and peer that a `hash` chooses has frames, and so names, of its
own. What came by a link has its name, and keeps it in all of them.
"""

from collections.abc import Mapping

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Edge, Node
from flumec.compiler.proofs.fanning import has_several_peers
from flumec.compiler.proofs.way import Ways
from flumec.runtime.sources.link import LinkSource


def have_one_tag(ways: Ways, one: Edge, two: Edge) -> bool:
    """Return whether the copies of an event that leave a source by two edges have one tag."""
    source = ways.component(one.start)
    if source is not None and source.declaration is LinkSource:
        return True
    if one.chain is not two.chain or one.arm is not two.arm:
        return False
    channels = ways.lying.of(ways.fleet.agents[one.start[0]]).channels
    return _in_one_frame(ways, one.end, two.end, channels)


def _in_one_frame(ways: Ways, one: Node, two: Node, channels: Mapping[str, str]) -> bool:
    if channels.get(one[1]) != channels.get(two[1]):
        return False
    return not any(
        way.link is not None
        and policy_of(way.link) == "hash"
        and has_several_peers(ways.fleet, way.link)
        for channel in (one, two)
        for way in ways.out(channel)
    )
