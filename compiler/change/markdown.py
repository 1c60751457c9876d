"""What would change, as a comment on a change: the same words, bounded to what a page may hold."""

from collections.abc import Iterator

from flumec.compiler.change.outcome import Outcome
from flumec.compiler.change.text import as_text, headline

MOST = 20_000
"""Characters; a comment on GitHub may have 65,536."""


def as_markdown(found: Outcome) -> Iterator[str]:
    """Yield a headline and the rest in a block; what is too long for a page is left out."""
    yield f"**flumec plan**: {headline(found)}"
    lines = list(as_text(found))[2:]
    if not lines:
        return
    yield ""
    # Longer than any run of backticks within, so that no text ends the block.
    fence = "`" * (max(3, *(_longest(line) + 1 for line in lines)))
    yield f"{fence}diff"
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > MOST:
            yield f"… and {len(lines) - number:,} lines more: run `flumec plan`"
            break
        yield line
    yield fence


def _longest(line: str) -> int:
    """Return the length of the longest run of backticks."""
    longest = run = 0
    for char in line:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
