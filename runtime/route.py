"""Where a chain ends: channels, required or optional, the same for all or chosen by a header."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from flumec.runtime.component import Channel, Interceptor
from flumec.runtime.frozen import frozen


@frozen
class Optional:
    """A channel that is left out, and counted, when it has no room: `archive?` in a .flow file."""

    channel: Channel


@frozen
class Drop:
    """The end of events that go nowhere; they are counted."""


Target: TypeAlias = Channel | Optional | Drop
"""Where an event may end."""

Targets: TypeAlias = Target | tuple[Target, ...]


@dataclass(frozen=True, slots=True, init=False)
class Arm:
    """Events whose header has one of `values` take these steps and go to each of `to`.

    >>> Arm("a", "b", to=Drop()).values
    ('a', 'b')
    """

    values: tuple[str, ...]
    steps: tuple[Interceptor, ...]
    to: tuple[Target, ...]

    def __init__(self, *values: str, to: Targets, steps: tuple[Interceptor, ...] = ()) -> None:
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "steps", tuple(steps))
        object.__setattr__(self, "to", _tuple(to))


@dataclass(frozen=True, slots=True, init=False)
class Otherwise:
    """What events do that no arm takes, where that needs steps of its own."""

    steps: tuple[Interceptor, ...]
    to: tuple[Target, ...]

    def __init__(self, *, to: Targets, steps: tuple[Interceptor, ...] = ()) -> None:
        object.__setattr__(self, "steps", tuple(steps))
        object.__setattr__(self, "to", _tuple(to))


@dataclass(frozen=True, slots=True, init=False)
class Route:
    """The multiplexing selector: each event takes the one arm that names its header's value.

    Values are compared exactly; an event that lacks the header takes `otherwise`. Raises ValueError
    when two arms name one value.

    >>> Route("kind", Arm("ping", to=Drop()), otherwise=Drop()).otherwise
    Otherwise(steps=(), to=(Drop(),))
    """

    header: str
    arms: tuple[Arm, ...]
    otherwise: Otherwise

    def __init__(self, header: str, *arms: Arm, otherwise: Otherwise | Targets) -> None:
        values = [value for arm in arms for value in arm.values]
        for value in values:
            if values.count(value) > 1:
                raise ValueError(f"two arms of the route by `{header}` name the value {value!r}")
        rest = otherwise if isinstance(otherwise, Otherwise) else Otherwise(to=otherwise)
        object.__setattr__(self, "header", str(header))
        object.__setattr__(self, "arms", arms)
        object.__setattr__(self, "otherwise", rest)

    @property
    def ends(self) -> Iterator[Arm | Otherwise]:
        """Every arm in order, and at last what remains."""
        yield from self.arms
        yield self.otherwise


def channels_of(to: Targets | Iterable[Target] | Route) -> tuple[Channel, ...]:
    """Return every channel that `to` can reach, once each, in the order of the text."""
    if isinstance(to, Route):
        targets = [target for end in to.ends for target in end.to]
    else:
        targets = list(_tuple(to))
    channels = [
        t.channel if isinstance(t, Optional) else t for t in targets if not isinstance(t, Drop)
    ]
    return tuple({channel.name: channel for channel in channels}.values())


def _tuple(to: Targets | Iterable[Target]) -> tuple[Target, ...]:
    return (to,) if isinstance(to, Channel | Optional | Drop) else tuple(to)
