"""A certificate authority in memory, and what it issues: EC P-256 keys, X.509 certificates, PEM."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flumec.runtime.frozen import frozen

CA_LIFE = timedelta(days=3650)
LIFE = timedelta(days=365)
"""How long an authority and a host's certificate are good, where nobody says otherwise."""
EARLIER = timedelta(hours=1)
"""How much before it was made a certificate begins, for hosts whose clocks are behind."""

_LONGEST_NAME = 64
"""Characters of a common name at most; the names that count stand elsewhere and may be longer."""


@frozen
class Issued:
    """A host's certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates of hosts; its key never leaves the folder where it lies."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def make(cls, name: str, life: timedelta = CA_LIFE, now: datetime | None = None) -> Self:
        """Make a new authority, which signs hosts and no further authorities."""
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME])])
        builder = _begun(own, own, key, life, now).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return cls(
            builder.add_extension(_usage(signs=True), critical=True).sign(key, hashes.SHA256()), key
        )

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> Self:
        """Read what `certificate` and `key` wrote; raise ValueError if they are not a pair."""
        made = x509.load_pem_x509_certificate(certificate)
        private = serialization.load_pem_private_key(key, None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is no EC key")  # noqa: TRY004 a wrong value of a file
        if _public(private.public_key()) != _public(made.public_key()):
            raise ValueError("the key is not that of the certificate")
        return cls(made, private)

    @property
    def certificate(self) -> bytes:
        """What others trust it by, in PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        """Its private key in PEM, for its own folder alone."""
        return _pem(self._key)

    @property
    def ends(self) -> datetime:
        """When it ends."""
        return self._certificate.not_valid_after_utc

    def issue(
        self, names: Sequence[str], life: timedelta = LIFE, now: datetime | None = None
    ) -> Issued:
        """Make a key and a certificate for a host by its `names` and addresses, its own first.

        It is good for both ends of a link, and ends with the authority at the latest.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_NAME])])
        now = now or datetime.now(UTC)
        builder = _begun(own, self._certificate.subject, key, min(life, self.ends - now), now)
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        identifier = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value)
        alternatives = x509.SubjectAlternativeName([_name(name) for name in dict.fromkeys(names)])
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs=False), True),
            (x509.ExtendedKeyUsage(purposes), False),
            (alternatives, False),
            (signer, False),
        ]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        signed = builder.sign(self._key, hashes.SHA256())
        return Issued(signed.public_bytes(serialization.Encoding.PEM), _pem(key))


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey,
    life: timedelta, now: datetime | None,
) -> x509.CertificateBuilder:  # fmt: skip
    now = now or datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public(key: Any) -> bytes:
    made: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made
