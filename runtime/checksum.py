"""CRC-32 as zlib defines it; where Intel's library is installed, in a quarter of zlib's time."""

try:
    from isal.isal_zlib import crc32
except ImportError:  # no wheel for this processor: the same sums, slower
    from zlib import crc32

__all__ = ["crc32"]
