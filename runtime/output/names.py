r"""Names that are safe as parts of a path, whatever text an event or a user brings.

An event's header may hold anything. What it becomes here can neither leave the sink's directory
nor hide a file, and is never too long for a file system:

- absent or empty: `_`
- `/`, `\\`, `%`, control characters and what the path cannot begin with: `%2F`, as in a URL
- a part that begins with a dot: the dot as `%2E`, so neither `..` nor a hidden folder comes about
- a part of more than 200 bytes: its beginning, `~`, and a digest of all of it
"""

import re
from hashlib import blake2b

_UNSAFE = re.compile(r"[%/\\\x00-\x1f\x7f-\x9f]")
_LONGEST_PART = 200
_LONGEST_PATH = 2_000
_LONGEST_WRITER = 50


def safe_piece(value: str | None) -> str:
    """Return a header's value as it may stand within one part of a path.

    >>> safe_piece("../etc/passwd"), safe_piece(None), safe_piece("web-1.example.com")
    ('..%2Fetc%2Fpasswd', '_', 'web-1.example.com')
    """
    if not value:
        return "_"
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", value)


def safe_path(path: str) -> str:
    """Return an expanded template as a relative path, each part of it harmless.

    >>> safe_path("2026/..%2Fetc"), safe_path("../x")
    ('2026/%2E.%2Fetc', '%2E./x')
    """
    if not path:
        return ""
    safe = "/".join(_part(part) for part in path.split("/"))
    return f"_/{_digest(safe)}" if len(safe.encode()) > _LONGEST_PATH else safe


def short(name: str, longest: int) -> str:
    """Return a name of at most `longest` bytes; a longer one ends in a digest of all of it."""
    if len(name.encode()) <= longest:
        return name
    digest = "~" + _digest(name)
    return name.encode()[: longest - len(digest)].decode(errors="ignore") + digest


def file_name(
    writer: tuple[str, str, str],
    first: int,
    last: int,
    epoch: bytes,
    suffix: str,
    *,
    prefix: str = "",
) -> str:
    """Return a file's final name, which no other writer, start or row range has.

    `writer` is host, agent and sink. Sorted by name, a writer's files are in their rows' order.

    >>> file_name(("web-1", "tailer", "files"), 7, 41, bytes(16), ".log")
    'web-1.tailer.files.000000000007-000000000041.000000.log'
    """
    who = ".".join(short(safe_piece(name), _LONGEST_WRITER) for name in writer)
    return f"{prefix}{who}.{first:012}-{last:012}.{epoch.hex()[:6]}{suffix}"


def _part(part: str) -> str:
    if part.startswith("."):
        part = "%2E" + part[1:]
    return short(part or "_", _LONGEST_PART)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
