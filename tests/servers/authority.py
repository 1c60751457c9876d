"""A certificate authority for tests, and certificates that it signs."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PASSWORD = "changeit"


class Authority:
    """Signs with a key of its own; `certificate` is what others trust it by."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"an authority for {folder.name}")
        root = _builder(self._name, self._name, self._key)
        signed = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._root = signed.sign(self._key, hashes.SHA256())
        self.certificate = folder / "ca.pem"
        self.certificate.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    def keystore(self, address: str = "127.0.0.1", *, days: int = 1) -> Path:
        """Return a PKCS #12 file with a server's key and certificate; its password is PASSWORD."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = _builder(_name("a server"), self._name, key, days=days)
        signed = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        stored = pkcs12.serialize_key_and_certificates(
            b"server", key, signed, [self._root],
            serialization.BestAvailableEncryption(PASSWORD.encode()),
        )  # fmt: skip
        path = self.folder / f"{address}-{days}.p12"
        path.write_bytes(stored)
        return path


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
    )
