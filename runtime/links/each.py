"""Several peers, each with a channel of its own: for all that is put, or by a header's value."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from flumec.runtime.component import Channel, Header
from flumec.runtime.links.arrow_sender import ArrowSender
from flumec.runtime.share import Share


class Each:
    """Peers that share no row: what one has is no other's business, and waits for it."""

    kind: ClassVar[str]
    key: Header | None = None

    def __init__(self, *members: ArrowSender, weights: Sequence[int] = ()) -> None:
        self.members = members
        self.weights = tuple(weights) or (1,) * len(members)
        if len(self.weights) != len(members):
            raise ValueError(f"{len(members)} peers have {len(self.weights)} weights")

    def channels(self, channel: Channel) -> Iterator[tuple[Channel, Share, ArrowSender]]:
        """Yield each peer's channel, `spool@core-1`, with what it holds of `channel`."""
        kind = type(channel)
        said = {name: getattr(channel, name) for name in kind.props}
        former = said.get("formerly")
        for member, weight in zip(self.members, self.weights, strict=True):
            host = member.peers[0].host
            if former is not None:
                said["formerly"] = f"{former}@{host}"
            own = kind(f"{channel.name}@{host}", **said)
            key = None if self.key is None else str(self.key)
            yield own, Share(channel.name, host, key, weight), member


class All(Each):
    """Each peer gets all rows; a copy costs no disk."""

    kind = "all"

    def __init__(self, *members: ArrowSender) -> None:
        super().__init__(*members)


class Hashed(Each):
    """Each row goes to the peer that the value of its header `key` chooses, always to the same."""

    kind = "hash"

    def __init__(self, key: Header, *members: ArrowSender, weights: Sequence[int] = ()) -> None:
        super().__init__(*members, weights=weights)
        self.key = key
