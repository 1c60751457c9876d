"""A host at the other end of a link."""

from flumec.runtime.frozen import frozen


@frozen
class Peer:
    """A receiving agent's host: its name as in the .flow file, where it is reached, its port.

    `address` is a name or a numeric address; a name is resolved at each connect.
    """

    host: str
    address: str
    port: int

    def __str__(self) -> str:
        where = f"[{self.address}]" if ":" in self.address else self.address
        return (
            f"{where}:{self.port}"
            if self.host == self.address
            else f"{self.host} ({where}:{self.port})"
        )
