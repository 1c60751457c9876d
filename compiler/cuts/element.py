"""What can go: a host, the disk of one, a link, a site."""

from typing import Literal, NamedTuple

Kind = Literal["host", "disk", "link", "site"]
KINDS: tuple[Kind, ...] = ("host", "disk", "link", "site")


class Element(NamedTuple):
    """One thing that can go; of hosts that are alike any one, by the name of the first."""

    kind: Kind
    name: str
    """A host; of a disk its host, and the folder that lies on it, `core-1:/srv/large`; the channel
    that a link sends from, as `cut` names it; a site."""
    of: int = 1
    """How many are alike, each of which does the same."""

    @classmethod
    def disk(cls, host: str, folder: str, of: int = 1) -> "Element":
        """Return the disk of a host that a folder lies on."""
        return cls("disk", f"{host}:{folder}" if folder else host, of)

    @property
    def host(self) -> str:
        """The host of a host or disk."""
        return self.name.partition(":")[0]

    @property
    def folder(self) -> str:
        """The folder that lies on a disk; nothing: the state of the agents."""
        return self.name.partition(":")[2]
