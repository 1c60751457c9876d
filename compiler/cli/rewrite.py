"""Files of the user's that a command writes anew, or shows what it would write."""

import difflib
import os
import secrets
from pathlib import Path

from flumec.compiler.cli.failures import CannotRun


def difference(before: str, after: str, name: str, why: str) -> str:
    """Return a unified diff of a file; `why` stands behind the name of what it would become."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        name,
        f"{name} ({why})",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end\n" for line in lines
    )


def replace(path: Path, content: bytes) -> None:
    """Write a file anew, whole or not at all, with the mode that it has."""
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(content)
        beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CannotRun(f"cannot write `{path}`: {error.strerror or error}") from None
