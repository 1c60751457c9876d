"""A certificate as read from a file or from the other end: whose it is, and how long."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from flumec.runtime.frozen import frozen

SOON = timedelta(days=30)
"""How long before its end a certificate is due; one that lives shorter, in its last third."""


@frozen
class Certificate:
    """Whom a certificate names, and from when until when."""

    names: frozenset[str]
    """Host names in lower case, and numeric addresses."""
    begins: datetime
    ends: datetime

    @classmethod
    def read(cls, data: bytes) -> "Certificate":
        """Read the first certificate of PEM text, or one in DER; raise ValueError."""
        from cryptography import x509

        pem = b"-----BEGIN" in data
        made = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        try:
            said = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            names: list[str] = []
        else:
            names = [name.lower() for name in said.get_values_for_type(x509.DNSName)]
            names += [str(one) for one in said.get_values_for_type(x509.IPAddress)]
        return cls(frozenset(names), made.not_valid_before_utc, made.not_valid_after_utc)

    @property
    def due(self) -> datetime:
        """From when on it should be renewed."""
        return self.ends - min(SOON, (self.ends - self.begins) / 3)

    def __str__(self) -> str:
        names = ", ".join(sorted(self.names)) or "nobody"
        return (
            f"a certificate of {names}, good from {moment(self.begins)} until {moment(self.ends)}"
        )


def called(host: str) -> str:
    """Return a host as certificates name it: in lower case, an address in its one short form.

    >>> called("Web-1"), called("2001:DB8:0::1"), called("10.0.0.1")
    ('web-1', '2001:db8::1', '10.0.0.1')
    """
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower()


def moment(when: datetime) -> str:
    """Return a time as messages show it.

    >>> moment(datetime(2026, 11, 28, 14, 5, 59, tzinfo=UTC))
    '2026-11-28 14:05 UTC'
    """
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def at(nanoseconds: int) -> datetime:
    """Return the clock's time of day."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
