"""docs/mutations.md: what mistakes were made, and by which rules they were reported."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mutated.every_kind import KINDS, NOT_YET, THEMES
from mutated.example import EXAMPLES
from mutated.mutant import MistakeKind, Mutant

HEAD = """\
# Mistakes, and who reports them

Made by `pytest --update tests/mutated`; a test keeps it fresh. A program makes each kind of mistake
at all its sites in {fleets} good fleets ([tests/mutated/fleets](../tests/mutated/fleets) and
[examples](../examples)), of which nothing is to be said as they are. A mistake counts as reported
when a rule of its row points to the changed statement or to what it left alone, or names it.
`flumec explain FL301` has a rule's page.

{kinds} kinds, {sites} mistakes, {reported} reported.
"""

FOOT = """
## What is no mistake here

A file alone cannot tell these from what was meant, so no compiler can report them:

- **Other names of what lies outside**: another log, another port of a source that clients post to,
  another folder, while nobody else of the fleet has it. Two ports that are swapped between two
  links change nothing at all: both ends of a link are made from one statement.
- **Another stated intent**: a filter more, another value of `static`, another route for a header
  that clients set, another copy in a channel of its own.
- **More or less of what is enough**: another `batch`, `linger`, `time_out`, `codec`, `format`, as
  long as what a check asks for holds. A smaller channel under no check fills sooner, and then its
  source waits: nothing is lost.
- **`timestamp()` left out on the only way to a path with `%Y`**: the time is then that of the first
  commit, which is the same but for the moment between.
"""


@dataclass(frozen=True)
class Tried:
    """A kind of mistake, made everywhere."""

    kind: MistakeKind
    mutants: Sequence[Mutant]
    missed: Sequence[Mutant]
    rules: Mapping[str, int]


@cache
def tried(kind: MistakeKind) -> Tried:
    """Make a mistake at all its sites."""
    mutants = tuple(kind.mutants(EXAMPLES))
    found = [mutant.right(kind.codes) for mutant in mutants]
    missed = tuple(mutant for mutant, one in zip(mutants, found, strict=True) if one is None)
    return Tried(kind, mutants, missed, Counter(one.code for one in found if one is not None))


def page() -> str:
    """Return the page."""
    every = [tried(kind) for kind in KINDS]
    sites = sum(len(one.mutants) for one in every)
    missed = sum(len(one.missed) for one in every)
    parts = [
        HEAD.format(fleets=len(EXAMPLES), kinds=len(KINDS), sites=sites, reported=sites - missed)
    ]
    for theme in THEMES:
        parts.append(f"## {(theme.__doc__ or '').rstrip('.')}\n")
        parts.append("| mistake | sites | reported | by |\n| --- | --- | --- | --- |")
        mine = [one for one in every if one.kind.make.__module__ == theme.__name__]
        parts += [_row(one) for one in mine]
        parts.append("")
    if NOT_YET:
        parts.append("## Not reported yet\n")
        parts += [f"- {_named(name).name}: {reason}." for name, reason in sorted(NOT_YET.items())]
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n" + FOOT


def _row(one: Tried) -> str:
    rules = ", ".join(
        f"{code} ({count})" if len(one.rules) > 1 else code
        for code, count in sorted(one.rules.items())
    )
    done = len(one.mutants) - len(one.missed)
    return f"| {one.kind.name} | {len(one.mutants)} | {done} | {rules} |"


def _named(function: str) -> MistakeKind:
    return next(kind for kind in KINDS if kind.function == function)
