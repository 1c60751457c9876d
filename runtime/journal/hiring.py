"""From what a journal knows of its consumers to their readers, alone or in a group."""

from collections.abc import Collection, Mapping, Sequence

from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.live import LiveChannel, Shared
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.sharing import Sharing
from flumec.runtime.journal.specs import ConsumerSpec


def hire(
    shared: Shared, live: Mapping[str, LiveChannel], specs: Sequence[ConsumerSpec],
    drops: Collection[str],
) -> tuple[dict[str, Consumer], dict[str, Sharing]]:  # fmt: skip
    """Return each declared consumer by its name, and what groups share by their channels' names.

    Members that are not declared any more are there as well, in what their group shares.
    """
    consumers: dict[str, Consumer] = {}
    sharings: dict[str, Sharing] = {}
    for spec in specs:
        channel = live[spec.channel]
        number = channel.state.number
        known = [each for each in shared.state.consumers.values() if each.channel == number]
        if number not in shared.state.groups:
            claims = spec.sends and spec.channel in drops
            consumers[spec.name] = Consumer(shared, known[0], channel, claims=claims)
        elif spec.channel not in sharings:
            sharing = Sharing(shared, channel, shared.state.groups[number])
            sharings[spec.channel] = sharing
            hired = [Member(shared, each, channel, sharing) for each in known]
            consumers |= {member.name: member for member in hired if not member.former}
    return consumers, sharings
