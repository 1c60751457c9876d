"""Types of properties that are no text or number alone: names of headers and parts, secrets."""

from typing import Literal

from flumec.runtime.frozen import frozen


class Header(str):
    """A header's name: `header.user` in a .flow file, `Header("user")` in a script."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Header({str(self)!r})"


Ingredient = Header | Literal["body", "clock", "host"]
"""What a header's value may follow from: a part of the event, or when and where it passes."""


class Ref(str):
    """The name of another component of the same agent, such as a dead-letter channel."""

    __slots__ = ()


class ChannelRef(Ref):
    """The name of a channel of the same agent."""

    __slots__ = ()


class JournalRef(Ref):
    """The name of a journal of the same agent."""

    __slots__ = ()


class Url(str):
    """An address with a scheme, `scheme://…`."""

    __slots__ = ()


class Port(int):
    """A TCP or UDP port that the component listens on; the compiler refuses two on one host."""

    __slots__ = ()


@frozen
class Secret:
    """A value the bundle never holds: systemd's credential `name` on the host."""

    name: str
