"""How bodies lie on disk: as they were put, or compressed, and either of them encrypted.

What a consumer gets, and what a link sends, is always the body as it was put.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.errors import StateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Compression = Literal["none", "lz4", "zstd"]

PLAIN_FORM = 0
_CODECS: dict[int, Literal["lz4_raw", "zstd"]] = {1: "lz4_raw", 2: "zstd"}
_FORMS = {"none": PLAIN_FORM, "lz4": 1, "zstd": 2}
_SEALED = 0x80

TAG = 16
"""Bytes that encryption adds to a body, which say that nobody changed it."""

_WORTH = 0.9
"""A body that compression leaves larger than this share is stored as it is."""

_LEAST_SECRET = 32


class Locked(Exception):  # noqa: N818 a state that was found
    """A body is encrypted with a key that is not here."""


def compress(body: pa.Buffer, compression: Compression) -> tuple[pa.Buffer, int]:
    """Return what to store of a body, and its form."""
    if compression == "none" or not body.size:
        return body, PLAIN_FORM
    form = _FORMS[compression]
    # Bytes: what it returns as a buffer shows a memoryview more than its size.
    packed = pa.py_buffer(pa.Codec(_CODECS[form]).compress(body, asbytes=True))
    return (packed, form) if packed.size < _WORTH * body.size else (body, PLAIN_FORM)


def unpack(stored: pa.Buffer, form: int, size: int, opened: "Opened | None" = None) -> pa.Buffer:
    """Return the body of `size` bytes from what is stored; raise Locked without its key.

    A stored body whose checksum was right and which can't be opened raises ValueError.
    """
    if form & _SEALED:
        if opened is None:
            raise Locked
        stored = pa.py_buffer(opened.open(stored))
    if codec := unsealed(form):
        return pa.Codec(_CODECS[codec]).decompress(stored, size)
    return stored


def is_sealed(form: int) -> bool:
    """Say whether a body of this form is encrypted."""
    return bool(form & _SEALED)


def sealed(form: int) -> int:
    """Return the form of such a body once it is encrypted."""
    return form | _SEALED


def unsealed(form: int) -> int:
    """Return the form of such a body once it is decrypted."""
    return form & ~_SEALED


@frozen
class Opened:
    """The key of one body: its journal's key, its epoch, its first row."""

    key: "Key"
    epoch: bytes
    row: int

    def open(self, stored: pa.Buffer) -> bytes:
        """Decrypt a body; raise ValueError if anything but this key and row wrote it."""
        from cryptography.exceptions import InvalidTag

        try:
            cipher: AESGCM = self.key.cipher(self.epoch)
            return cipher.decrypt(_nonce(self.row), memoryview(stored).cast("B"), None)
        except InvalidTag:
            raise ValueError("it does not belong to its row and key") from None


class Key:
    """A key for bodies, made from a secret.

    Each epoch has a key of its own, derived from this one, and the first row is the nonce: as
    (epoch, row) names one event for ever, no nonce is used twice.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < _LEAST_SECRET:
            raise StateError(
                f"the secret that encrypts a journal has {len(secret)} characters and needs at "
                f"least {_LEAST_SECRET}: make one with `openssl rand -hex 32`"
            )
        _require_cryptography()
        self._secret = sha256(b"flumec journal key\0" + secret.encode()).digest()
        digest = sha256(b"flumec journal key id\0" + self._secret).digest()
        self.number = int.from_bytes(digest[:4], "little") or 1
        """Its id in segments' headers: a digest, by which a wrong key is told at once."""
        self.cipher = lru_cache(8)(self._cipher)

    def seal(self, body: pa.Buffer | memoryview, epoch: bytes, row: int) -> bytes:
        """Encrypt the body of the frame that begins at a row."""
        cipher: AESGCM = self.cipher(epoch)
        return cipher.encrypt(_nonce(row), memoryview(body).cast("B"), None)

    def _cipher(self, epoch: bytes) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(SHA256(), 32, salt=epoch, info=b"flumec journal bodies")
        return AESGCM(derived.derive(self._secret))


def _require_cryptography() -> None:
    """Raise StateError where the ciphers are missing: else the first event would meet it."""
    try:
        import_module("cryptography.hazmat.primitives.ciphers.aead")
    except ImportError as error:
        raise StateError(
            f"a journal with `encryption` needs the package cryptography on this host ({error})"
        ) from None


class Keys:
    """The keys of a journal: the one that writes, None for no encryption, and all that read."""

    def __init__(self, current: Key | None = None, previous: Sequence[Key] = ()) -> None:
        self.current = current
        self._known = {key.number: key for key in (*previous, *((current,) if current else ()))}

    @property
    def all(self) -> Sequence[Key]:
        """Every key."""
        return tuple(self._known.values())

    @property
    def number(self) -> int:
        """The id of the key that writes, 0 for none."""
        return 0 if self.current is None else self.current.number

    def knows(self, number: int) -> bool:
        """Say whether what a segment of that key id holds can be read."""
        return number == 0 or number in self._known

    def opened(self, number: int, epoch: bytes, row: int) -> Opened | None:
        """Return what opens a body of a segment of that key id."""
        key = self._known.get(number)
        return None if key is None else Opened(key, epoch, row)


def _nonce(row: int) -> bytes:
    return row.to_bytes(12, "little")
