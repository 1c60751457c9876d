"""What a file is, whatever its name: the record by which it is known again after a restart."""

import ctypes
import fcntl
import os
import struct
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

SAMPLE = 4096
"""Bytes at a file's beginning, and before the position, of which digests are kept."""

_GET_VERSION = 0x80087601  # FS_IOC_GETVERSION of linux/fs.h, where long has 8 bytes
_EMPTY_PATH = 0x1000
_BIRTH = 0x800
_STATX_SIZE = 256
_STATX_MASK = struct.Struct("=I")
_STATX_BIRTH = struct.Struct("=qI")
_BIRTH_OFFSET = 80


class Nature(msgspec.Struct, frozen=True, array_like=True):
    """What the file system says of an inode. A deleted inode's number comes back with another
    generation or birth (nanoseconds); each is 0 where the file system does not have it."""  # noqa: D209

    device: int
    inode: int
    generation: int = 0
    birth: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Device and inode, as directories and `stat` tell them."""
        return self.device, self.inode

    def is_inode_of(self, other: "Nature") -> bool:
        """Return whether both are one inode; a device may be numbered anew after a boot."""
        same = (self.inode, self.generation, self.birth) == (
            other.inode,
            other.generation,
            other.birth,
        )
        return same and (self.device == other.device or bool(self.generation or self.birth))


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """The journal's record of a followed file, beside its position.

    `head` is the digest of the first `head_length` bytes, at most 4 KiB and none after the
    position; `tail` of the up to 4 KiB before the position. `size` is how long the file was when it
    was last looked at, `seen` (nanoseconds since 1970). The path is bytes, as the system has it.
    """

    path: bytes
    nature: Nature
    head: bytes
    head_length: int
    tail: bytes
    size: int
    seen: int

    def encode(self) -> bytes:
        """Return the journal's form, MessagePack."""
        return _encoder.encode(self)

    @classmethod
    def decode(cls, stored: bytes) -> "Identity":
        """Read the journal's form."""
        return _decoder.decode(stored)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Identity)


def digest(data: bytes) -> bytes:
    """Return 16 bytes that stand for `data`."""
    return blake2b(data, digest_size=16).digest()


def sample(descriptor: int, end: int) -> bytes:
    """Return the digest of the up to 4 KiB before `end`."""
    length = min(SAMPLE, end)
    return digest(os.pread(descriptor, length, end - length))


def nature(descriptor: int, status: os.stat_result) -> Nature:
    """Return what the file system says of an open file."""
    return Nature(status.st_dev, status.st_ino, _generation(descriptor), _birth(descriptor))


def _generation(descriptor: int) -> int:
    try:
        answer = fcntl.ioctl(descriptor, _GET_VERSION, bytes(8))
    except OSError:
        return 0
    return int(struct.unpack("=Q", answer)[0])


def _birth(descriptor: int) -> int:
    """Return the birth time in nanoseconds: Python's `stat` does not show it."""
    statx = _statx()
    if statx is None:
        return 0
    answer = ctypes.create_string_buffer(_STATX_SIZE)
    if statx(descriptor, b"", _EMPTY_PATH, _BIRTH, answer) != 0:
        return 0
    if not _STATX_MASK.unpack_from(answer)[0] & _BIRTH:
        return 0
    seconds, nanoseconds = _STATX_BIRTH.unpack_from(answer, _BIRTH_OFFSET)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


@cache
def _statx() -> Any:
    function = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
    if function is not None:
        function.argtypes = [
            ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p,
        ]  # fmt: skip
    return function
