"""What can go wrong on a link, as exceptions.

LinkFault
├── Disconnected     the connection is gone; connect again
├── Unproven         the other end did not prove who it is, or did not believe this one
├── ProtocolError    the other end sent what cannot be; connect again
├── Turned           the other end said no, and why; connect again, slowly
├── LostAfterAck     the receiver has less than it acknowledged; never go on with it
└── Unsendable       rows that the receiver cannot take, now or ever: dead letters, or a stop
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class LinkFault(Exception):  # noqa: N818 the ends of a connection, most of them no errors
    """Why a connection of a link ended. The message is for the person who runs the hosts."""


class Disconnected(LinkFault):
    """The other end is gone: it closed, was silent for too long, or the network failed."""


class Unproven(LinkFault):
    """No trust came about, so no link; `error` is what TLS said of it, if it did."""

    def __init__(self, text: str, error: "ssl.SSLError | None" = None) -> None:
        super().__init__(text)
        self.error = error


class ProtocolError(LinkFault):
    """The other end sent something that a flumec of a known version never sends."""


class Turned(LinkFault):
    """The receiver refused the link; `retry_after` is how many seconds to leave it alone."""

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class LostAfterAck(LinkFault):
    """The receiver does not have rows that it acknowledged: restored, reinstalled or replaced.

    `journal` is the receiver's, `rows` how many row numbers are missing at most, 0 if unknown.
    """

    def __init__(self, text: str, journal: bytes, rows: int) -> None:
        super().__init__(text)
        self.journal = journal
        self.rows = rows


class Unsendable(LinkFault):
    """Rows `first` to `end` that the receiver rejected, or do not fit into its largest frame."""

    def __init__(self, text: str, first: int, end: int) -> None:
        super().__init__(text)
        self.first = first
        self.end = end
