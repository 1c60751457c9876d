"""What is declared of TLS, at either end of a link and at a source that listens."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flumec.runtime.component import Contradiction, Declared, Secret, prop

Tls = Literal["none", "server", "mutual"]
"""Plain; the listening end proves who it is; both do."""

CA = Secret("flumec-ca")
CERTIFICATE = Secret("flumec-cert")
KEY = Secret("flumec-key")
"""The credentials of a host where the file names no others: what `flumec certs issue` makes."""

_USED = {
    ("server", True): ("certificate", "key"),
    ("server", False): ("ca",),
    ("mutual", True): ("ca", "certificate", "key"),
    ("mutual", False): ("ca", "certificate", "key"),
}
"""What an end needs, by how it is encrypted and by whether it listens."""

_DEFAULTS = {"ca": CA, "certificate": CERTIFICATE, "key": KEY}


class Proven(Declared):
    """The properties of an end that speaks TLS. They are credentials of its host, never text."""

    tls: Tls = prop(
        "Encrypt, by TLS 1.3: with `server` the listening end proves by a certificate which host "
        "it is, with `mutual` both ends do.",
        default="none",
    )
    ca: Secret = prop(
        "The host's credential with the certificates of the authorities that it trusts (PEM).",
        default=CA,
    )
    certificate: Secret = prop(
        "The host's credential with its certificate, in the name of the host, and those between it "
        "and the authority (PEM).",
        default=CERTIFICATE,
    )
    key: Secret = prop(
        "The host's credential with the private key of the certificate (PEM, not encrypted).",
        default=KEY,
    )


def used(tls: str, *, listens: bool) -> tuple[str, ...]:
    """Return which of the three credentials an end uses.

    >>> used("server", listens=False)
    ('ca',)
    """
    return _USED.get((tls, listens), ())


def credentials(values: Mapping[str, Any], *, listens: bool) -> Iterator[tuple[str, str]]:
    """Yield what an end with these settings needs of its host: (which of the three, its name)."""
    for which in used(values.get("tls", "none"), listens=listens):
        yield which, values.get(which, _DEFAULTS[which]).name


def unused(values: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Yield what is named for TLS and has no use."""
    for name, usual in _DEFAULTS.items():
        if values["tls"] == "none" and values[name] != usual:
            yield Contradiction((name, "tls"), f"`{name}` has no use without `tls`")
