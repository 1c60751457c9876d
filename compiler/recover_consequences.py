"""What only follows from a statement that could not be read is not said."""

import re
from collections.abc import Iterable

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.source import NAMELESS

_ABOUT_NAMES = ("FL1", "FL203", "FL3", "FL4", "FL6")
"""The codes of what may be said because a name, a property or a joint is missing."""

_BUILT_IN = frozenset({"FL105", "FL106", "FL112", "FL121", "FL133", "FL134", "FL158", "FL161"})
"""Those of them that are about names of ours: no mistake in a file takes one away."""

_QUOTED = re.compile(r"`([^`]*)`")
_WORD = re.compile(r"[A-Za-z_]\w*")


def without_consequences(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Leave out what is said of names that stand in statements with a mistake of their own.

    `agent a on web` in a file whose `hosts web …` has a typing error would be told that there is no
    `web`: true, but not what is wrong. Once the mistake is mended, everything else is said.
    """
    found = list(findings)
    lost = frozenset[str]().union(*(finding.span.source.lost for finding in found))
    return [finding for finding in found if not _follows(finding, lost)]


def _follows(finding: Diagnostic, lost: frozenset[str]) -> bool:
    """Return whether a finding is not about form, and names something that was lost."""
    if not lost or finding.code.startswith("FL0"):
        return False
    if NAMELESS in lost and finding.code.startswith(_ABOUT_NAMES):
        return finding.code not in _BUILT_IN
    words = (word for quoted in _QUOTED.findall(finding.message) for word in _WORD.findall(quoted))
    return any(word in lost for word in words)
