"""What certificate the other end shows: asked for only to say why it is not trusted."""

import socket
import ssl
from collections.abc import Callable

from flumec.runtime.links.faults import LinkFault
from flumec.runtime.tls.certificate import Certificate


def shown(
    connect: Callable[[], socket.socket], blind: ssl.SSLContext, patience: float
) -> Certificate | None:
    """Return the certificate at the other end of a new connection; None if that doesn't work.

    The standard library does not show one that it does not trust. Nothing is sent, and nothing
    that is received is believed.
    """
    try:
        with connect() as raw:
            raw.settimeout(patience)
            with blind.wrap_socket(raw) as stream:
                return Certificate.read(stream.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError, LinkFault):
        return None
