"""`# flumec: ignore[FL904] reason` silences one rule on the next line; the reason is mandatory."""

import re
from collections.abc import Iterable, Iterator

from flumec.compiler.diagnostic import BY_CODE, Diagnostic, closest
from flumec.compiler.source import Source, Span

_COMMENT = re.compile(
    r"^[ \t]*(?P<all># flumec:[ \t]*ignore[ \t]*(?P<code>\[[^\]\n]*\])?[ \t]*(?P<reason>.*))$",
    re.MULTILINE,
)


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
        if self.silenced in BY_CODE:
            return f"`{self.silenced}` is an error, which cannot be ignored"
        return f"`{self.silenced}` is no rule"

    @property
    def hint(self) -> str | None:
        """Name the rule that was meant, or the form."""
        if not self.silenced:
            return "name one rule: `# flumec: ignore[FL901] because …`"
        return closest(self.silenced, _silenceable())


class UselessIgnore(Diagnostic, code="FL908", severity="warning"):
    """A comment silences a rule that has nothing to say about the next line.

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

    @property
    def message(self) -> str:
        """Say that it does nothing."""
        return f"`{self.silenced}` has nothing to say about the next line"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "take the comment out, or put it right above the line that it is about"


def without_silenced(
    sources: Iterable[Source], findings: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """Yield the findings that no comment silences, and what is wrong with the comments."""
    said: dict[tuple[int, int, str], Span] = {}
    for source in sources:
        if "# flumec:" in source.text:
            for comment in _COMMENT.finditer(source.text):
                yield from _read(source, comment, said)
    useful = set()
    for finding in findings:
        key = (id(finding.span.source), finding.span.line, finding.code)
        if key in said:
            useful.add(key)
        else:
            yield finding
    for key, span in said.items():
        if key not in useful:
            yield UselessIgnore(span, silenced=key[2])


def _read(
    source: Source, comment: re.Match[str], said: dict[tuple[int, int, str], Span]
) -> Iterator[Diagnostic]:
    """Add to `said` what a comment silences, by source, line and code; yield what is wrong."""
    code = (comment["code"] or "")[1:-1].strip()
    span = Span(source, *comment.span("all"))
    if code not in _silenceable():
        yield UnknownIgnore(span, silenced=code)
        return
    line, last = span.line + 1, source.text.count("\n") + 1
    while line <= last and _COMMENT.match(source.line(line)):
        line += 1
    said[id(source), line, code] = span
    if not comment["reason"].strip():
        yield IgnoreWithoutReason(span, silenced=code)


def _silenceable() -> list[str]:
    return [code for code, rule in BY_CODE.items() if rule.severity != "error"]
