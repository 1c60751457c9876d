"""Findings for other programs: paths as they know them, and names that outlast moved lines."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from flumec.compiler.diagnostic import Diagnostic


def from_here(path: str) -> str:
    """Return a path as a repository's root sees it where flumec is run there: relative, with `/`.

    >>> from_here("fleet/./web.flow"), from_here("../web.flow")
    ('fleet/web.flow', '../web.flow')
    """
    here = Path.cwd()
    try:
        return Path(path).resolve().relative_to(here.resolve()).as_posix()
    except (ValueError, OSError):
        return Path(path).as_posix()


def fingerprints(findings: Iterable[Diagnostic]) -> list[str]:
    """Return a name for each finding that stays the same when its lines move.

    It is made from the file, the rule, the message and the marked words; of equal ones, which of
    them it is.
    """
    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        span = finding.span
        marked = span.source.text[span.start : span.end]
        parts = (from_here(span.source.path), finding.code, finding.message, marked)
        what = "\0".join(parts)
        seen[what] += 1
        whole = f"{what}\0{seen[what]}".encode("utf-8", "surrogateescape")
        names.append(hashlib.sha256(whole).hexdigest()[:32])
    return names
