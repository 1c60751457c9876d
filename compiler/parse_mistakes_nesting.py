"""Mistakes in where a block stands: on one line, behind what has none, too deep."""

import re
from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, new_line, replaced
from flumec.compiler.parse_stop import Stop
from flumec.compiler.recover_blocks import DEEPEST
from flumec.compiler.source import Span


class BlockOnOneLine(Diagnostic, code="FL025"):
    """A block stands on one line.

    A block has one statement a line, so that a change touches just its line.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory { size = 64MiB }
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size = 64MiB
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a block does not stand on one line"

    @property
    def hint(self) -> str:
        """What to do."""
        return "end the line behind `{`, and give each statement and the `}` its own"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return _unfolded(self.span)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before = stop.before
        opened = before is not None and before.terminal == "LBRACE"
        closed = stop.token.terminal == "RBRACE" and "NL" in stop.expected
        return cls(stop.span) if opened or closed else None


class NoBlockHere(Diagnostic, code="FL029"):
    """A block follows what has none.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size = 64MiB {
        }
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size = 64MiB
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "what stands before `{` has no block"

    @property
    def hint(self) -> str:
        """What to do."""
        return "end the statement with its line"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        return cls(stop.span) if stop.token.terminal == "LBRACE" and "NL" in stop.expected else None


class TooDeep(Diagnostic, code="FL030"):
    """Blocks, lists or calls are nested too deep.

    The compiler walks them by recursion; 64 levels are more than anybody can read.

    ## Example

    ```flow
    hosts one = [
      [[[[[[[[[[[[[[[[
      [[[[[[[[[[[[[[[[
      [[[[[[[[[[[[[[[[
      [[[[[[[[[[[[[[[[
      "a.example.com"
      ]]]]]]]]]]]]]]]]
      ]]]]]]]]]]]]]]]]
      ]]]]]]]]]]]]]]]]
      ]]]]]]]]]]]]]]]]
    ]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "this is nested too deep"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"there are at most {DEEPEST} levels"


_ONE_LINE = re.compile(r"\{[ \t]*(?P<inside>[^{}#\n]*?)[ \t;,]*\}(?=[ \t]*(#|\r?\n|\Z))")
_PARTS = re.compile(r'"([^"\\\n]|\\.)*"|\[[^\[\]]*\]|\([^()]*\)|[;,]|[^"\[(;,]+')


def _unfolded(span: Span) -> Fix | None:
    """Return the fix for `{ a = 1; b = 2 }`, a line for each; what is nested is left."""
    text = span.source.text
    line = text.rfind("\n", 0, span.start) + 1
    opened = text.rfind("{", line, span.start + 1)
    found = _ONE_LINE.match(text, opened) if opened >= 0 else None
    if found is None:
        return None
    statements = [""]
    for part in _PARTS.finditer(found["inside"]):
        if part[0] in {";", ","}:
            statements.append("")
        else:
            statements[-1] += part[0]
    end = new_line(span)
    lines = "".join(f"{end}  {one.strip()}" for one in statements if one.strip())
    place = Span(span.source, opened, found.end())
    return replaced(place, f"{{{lines}{end}}}", "give each statement its line", safe=True)
