"""What reads each channel of an agent: a sink, a group of sinks, or a link to some peers."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from flumec.compiler import model, plan
from flumec.runtime.links.settings import Hash


def consumers(
    end: tuple[model.Target, ...] | model.Route | model.Group,
) -> Iterator[str | plan.Group]:
    """Yield what reads the channel that a chain begins at."""
    if isinstance(end, model.Group):
        said = end.values.get("in_doubt")
        names = tuple(member.name or "" for member in end.members)
        yield plan.Group(end.kind, names, None if said is None else str(said.value))
    elif isinstance(end, tuple):
        yield from (target.name or "" for target in end)


def to_links(senders: Sequence[plan.SendingHalf]) -> Iterator[plan.Delivery]:
    """Yield the deliveries to links; of several halves of one link a group."""
    for _, of_one in groupby(senders, _by_link):
        yield _to_link(list(of_one))


def _by_link(half: plan.SendingHalf) -> tuple[str, str]:
    return half.channel, half.link


def _to_link(halves: Sequence[plan.SendingHalf]) -> plan.Delivery:
    """Return a channel's delivery to a link: to its one peer, or to several as its policy says.

    One that says a policy for several is a group also while it has one peer: the next one then
    takes its part, and what is under way stays where it is.
    """
    first = halves[0]
    if len(halves) == 1 and first.values.get("policy") not in ("failover", "balance"):
        return plan.Delivery(first.channel, first.name, first.origin)
    names, policy = tuple(half.name for half in halves), first.values["policy"]
    weights = tuple(half.peers[0].weight for half in halves)
    weighed = weights if len(set(weights)) > 1 else ()
    if isinstance(policy, Hash):
        group = plan.Group(policy.type, names, None, weighed, str(policy.key))
    elif policy == "all":
        group = plan.Group("all", names)
    else:
        doubt = first.values.get("in_doubt")
        group = plan.Group(policy, names, doubt, weighed if policy == "balance" else ())
    return plan.Delivery(first.channel, group, first.origin)
