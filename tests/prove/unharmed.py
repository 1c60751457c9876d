"""What of a made fleet's channels for dead letters never overflows, as nothing is rejected.

A sink that says no `give_up` puts aside only what it cannot write, and a link what is too large. A
compiler does not know what comes; here a source says whether any of its events is such.
"""

from flumec.compiler.proofs.claim import Claim, Effect, Failure
from prove.shape import Shape


def is_without_letters(shape: Shape, claim: Claim, effect: Effect) -> bool:
    """Return whether an effect is that a channel overflows in which none of the source's lie."""
    name, channel = effect.node
    if effect.failure is not Failure.ALWAYS or not effect.reason.startswith("the oldest events"):
        return False
    agent, source = shape.agent(name), shape.agent(claim.source[0]).source(claim.source[1])
    sinks = [sink for sink in agent.sinks if sink.value("dead_letter") == channel]
    links = [
        link
        for link in shape.links
        if link.sender[0] == name and link.value("dead_letter") == channel
    ]
    if not (sinks or links) or any(sink.value("give_up") for sink in sinks):
        return False
    return not (sinks and "poison" in source.harmed) and not (links and source.kind != "seq")
