"""Mistakes in the arrows of chains and links."""

import re
from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.parse_stop import Stop

_CERTAIN = {"->", "-->", "=>", "==>", "~>", "→", "⇒", "➜", "⟶"}
_ARROW = re.compile(r"[-=~<>→⇒➜⟶]+")


class WrongArrow(Diagnostic, code="FL019"):
    """An arrow is written wrong, or is the other one.

    `->` stays inside one process and is a transaction; `=>` crosses hosts.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue => out
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

    found: str
    right: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.found}` is not the arrow that belongs here"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write `{self.right}`: `->` stays inside one agent, `=>` joins two"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if self.found not in _CERTAIN:  # `<-` may mean the other way round, `-` a name or a number
            return None
        return replaced(self.span, self.right, f"write `{self.right}`", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        found, expected = stop.text().split("\n")[-1].strip() or stop.text(), stop.expected
        right = "->" if "_INTO" in expected else "=>" if "_ACROSS" in expected else ""
        after = stop.after
        torn = found in {"-", "="} and after is not None and stop.text(after).startswith(">")
        arrow = torn or bool(_ARROW.fullmatch(found))
        return cls(stop.span, found=found, right=right) if arrow and right else None


class DanglingArrow(Diagnostic, code="FL020"):
    """An arrow leads nowhere.

    The next line would be another statement.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks ->
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
        return "nothing stands behind the arrow"

    @property
    def hint(self) -> str:
        """What to do."""
        return "name what it leads to; a chain of several lines begins its next line with the arrow"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before = stop.before
        if (
            before is None
            or before.terminal not in {"_INTO", "_ACROSS"}
            or stop.token.terminal != "NL"
        ):
            return None
        return cls(stop.at(before))


class MissingSign(Diagnostic, code="FL021"):
    """Two names stand side by side with nothing between them.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue out
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

    first: str
    second: str
    signs: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"between `{self.first}` and `{self.second}` something is missing"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write {self.signs}"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before, expected = stop.before, stop.expected
        if stop.terminals in {("NAME", "NAME", end) for end in ("NL", "LPAR", "DOT")} and before:
            signs = "`->` between the parts of a chain, or `=` before a value"
            first = stop.text(stop.tokens[0])
            return cls(stop.at(before), first=first, second=stop.text(before), signs=signs)
        right = "`->`" if "_INTO" in expected else "`=>`" if "_ACROSS" in expected else ""
        if not right or before is None or stop.token.terminal not in {"NAME", "ROUTE"}:
            return None
        if stop.is_unopened:
            right = "`(`"
        return cls(stop.span, first=stop.text(before), second=stop.text(), signs=right)
