"""`# flumec: ignore[FL904, name-style] reason` silences rules on the next line, or behind one on
that line, with a reason.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from flumec.compiler.diagnostic import BY_CODE, Diagnostic, closest, put_right
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.silence_comments import before_on_line, comments, is_behind
from flumec.compiler.source import Source, Span

_RULE = re.compile(r"[^,\s][^,]*(?<!\s)")


class IgnoreWithoutReason(Diagnostic, code="FL906"):
    """A comment silences a rule without saying why.

    Whoever reads the file next year cannot tell a considered exception from a forgotten one.

    ## Example

    ```flow
    # flumec: ignore[FL901]
    let spare = 5
    ```

    ## Instead

    ```flow
    # flumec: ignore[FL901] files that import this one use it
    let spare = 5
    ```
    """

    silenced: str

    @property
    def message(self) -> str:
        """Say what is missing."""
        return f"`{self.silenced}` is ignored without a reason"

    @property
    def hint(self) -> str:
        """Show the form."""
        return f"write it behind the bracket: `# flumec: ignore[{self.silenced}] because …`"


class UnknownIgnore(Diagnostic, code="FL907"):
    """A comment silences a rule that does not exist, or one whose findings are errors.

    A warning can be wrong about a file; an error cannot, since nothing could be built from it.

    ## Example

    ```flow
    # flumec: ignore[FL981] files that import this one use it
    let spare = 5

    hosts web = ["${spare}.example.com"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    # flumec: ignore[FL901] files that import this one use it
    let spare = 5
    ```
    """

    silenced: str

    @property
    def message(self) -> str:
        """Say that there is no such rule, or that it is an error."""
        if not self.silenced:
            return "no rule is named that is to be ignored"
        if self._is_error:
            return f"`{self.silenced}` is an error, which cannot be ignored"
        return f"`{self.silenced}` is no rule"

    @property
    def _is_error(self) -> bool:
        return self.silenced in _every_name()

    @property
    def hint(self) -> str | None:
        """Name the rule that was meant, or the form."""
        if not self.silenced:
            return "name it in brackets: `# flumec: ignore[FL901] because …`"
        if self._is_error:
            return "warnings and notes can be; take the comment out"
        return closest(self.silenced, self._near) or "`flumec explain` lists all rules"

    @property
    def fix(self) -> Fix | None:
        """Put it right."""
        return None if self._is_error else put_right(self.span, self.silenced, self._near)

    @property
    def _near(self) -> list[str]:
        """What may be meant: a name, since the nearest of codes is another rule altogether."""
        return [each for each in _silenceable(len(BY_CODE)) if not each.startswith("FL")]


class UselessIgnore(Diagnostic, code="FL908", severity="warning"):
    """A comment silences a rule that has nothing to say about the line that it is for.

    It would hide the next mistake of that kind, which is not the one that was considered.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      # flumec: ignore[FL902] dashboards know it by this name
      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      # flumec: ignore[FL902] dashboards know it by this name
      channel Spool : memory

      sink out : null

      numbers -> Spool
      Spool -> out
    }
    ```
    """

    silenced: str
    rest: str | None
    """The comment without it, if it silences something else."""
    comment: Span

    @property
    def message(self) -> str:
        """Say that it does nothing."""
        line = "this line" if is_behind(self.comment) else "the next line"
        return f"`{self.silenced}` has nothing to say about {line}"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "take it out, or put the comment right above the line that it is about, or behind it"

    @property
    def fix(self) -> Fix:
        """Take it out; the comment as well, where nothing else stands in it."""
        if self.rest is not None:
            return replaced(self.comment, self.rest, "take it out", safe=True)
        text, before = self.comment.source.text, before_on_line(self.comment)
        start, end = self.comment.start - len(before) + len(before.rstrip()), self.comment.end
        if not before.strip():
            end = text.find("\n", end) + 1 or len(text)
        gone = Span(self.comment.source, start, end)
        return replaced(gone, "", "take the comment out", safe=True)


class _Said:
    """One rule that a comment silences: where it stands, and in which comment."""

    __slots__ = ("comment", "span", "word")

    def __init__(self, comment: Span, span: Span, word: str) -> None:
        self.comment, self.span, self.word = comment, span, word


_Key = tuple[int, int, str]
"""A source, a line of it, the code of a rule."""


def without_silenced(
    sources: Iterable[Source], findings: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """Yield the findings that no comment silences, and what is wrong with the comments."""
    said: dict[_Key, _Said] = {}
    for source in sources:
        if "# flumec:" in source.text:
            for comment, line in comments(source):
                yield from _read(source, comment, line, said)
    useful = set()
    for finding in findings:
        key = (id(finding.span.source), finding.span.line, finding.code)
        if key in said:
            useful.add(key)
        else:
            yield finding
    beside: dict[int, list[_Said]] = defaultdict(list)
    for each in said.values():
        beside[id(each.comment)].append(each)
    for key, each in said.items():
        if key not in useful:
            rest = _rest(each, beside[id(each.comment)])
            yield UselessIgnore(each.span, each.word, rest, each.comment)


def _rest(one: _Said, together: Iterable[_Said]) -> str | None:
    """Return a comment without one of its rules; None if it silences no other."""
    words = [each.word for each in together if each is not one]
    if not words:
        return None
    text = one.comment.source.text[one.comment.start : one.comment.end]
    return f"{text.partition('[')[0]}[{', '.join(words)}{text[text.index(']') :]}"


def _read(
    source: Source, comment: re.Match[str], line: int, said: dict[_Key, _Said]
) -> Iterator[Diagnostic]:
    """Add to `said` what a comment silences, by source, line and code; yield what is wrong."""
    whole = Span(source, *comment.span("all"))
    words = list(_RULE.finditer(comment["rules"][1:-1])) if comment["rules"] else []
    if not words:
        yield UnknownIgnore(whole, silenced="")
        return
    first, known, codes = comment.start("rules") + 1, list[str](), _silenceable(len(BY_CODE))
    for word in words:
        span = Span(source, first + word.start(), first + word.end())
        if code := codes.get(word[0]):
            known.append(word[0])
            said[id(source), line, code] = _Said(whole, span, word[0])
        else:
            yield UnknownIgnore(span, silenced=word[0])
    if known and not comment["reason"].strip():
        yield IgnoreWithoutReason(whole, silenced=", ".join(known))


@lru_cache(maxsize=1)
def _silenceable(_rules: int) -> Mapping[str, str]:
    """Return the codes of the rules that can be silenced, by code and by name.

    It is asked word for word, and made anew where more rules are loaded meanwhile.
    """
    rules = [rule for rule in BY_CODE.values() if rule.severity != "error"]
    return {name: rule.code for rule in rules for name in (rule.code, rule.slug())}


@cache
def _every_name() -> frozenset[str]:
    """Return the codes and names of all rules; of syntax, only those are loaded that had something
    to say.
    """
    from flumec.compiler.explain import every_rule

    return frozenset(name for code, rule in every_rule().items() for name in (code, rule.slug()))
