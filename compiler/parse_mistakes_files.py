"""Mistakes of a whole file: it is no text, or no .flow file of this language."""

import re

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix, replaced
from flumec.compiler.source import Span

_FIRST = re.compile(r"\ufeff?([ \t]*(#[^\n]*)?\r?\n)*[ \t]*language\b")


class NotText(Diagnostic, code="FL033"):
    r"""A file is not text in UTF-8.

    A picture, an archive, or a text in another encoding: none of it could be shown or compared.

    ## Example

    ```flow escaped
    hosts one = ["a\0.example.com"]

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

    byte: int

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"this is no text in UTF-8: the byte 0x{self.byte:02x} has no place in it"

    @property
    def hint(self) -> str:
        """What to do."""
        return "is it the right file? A text in another encoding has to be converted"


class ByteOrderMark(Diagnostic, code="FL034", severity="warning"):
    r"""A file begins with a byte order mark.

    It is read as if the mark were not there, but other tools may trip over it.

    ## Example

    ```flow escaped
    \ufeffhosts one = ["a.example.com"]

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
        return "the file begins with a byte order mark"

    @property
    def hint(self) -> str:
        """What to do."""
        return "`flumec fmt` takes it away"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return replaced(self.span, "", "take it away", safe=True)


class FlumeProperties(Diagnostic, code="FL035"):
    """A file is a configuration of Apache Flume.

    A properties file says what each agent is made of; a .flow file describes the whole fleet.

    ## Example

    ```flow
    a1.sources = r1
    a1.channels = c1
    a1.sources.r1.type = seq
    a1.sources.r1.channels = c1
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

    agent: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return "this is a properties file of Apache Flume, not a .flow file"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"begin with `agent {self.agent} on HOSTS {{`, with `source NAME : TYPE` in it"


class LanguageNotFirst(Diagnostic, code="FL036"):
    """The language is named behind other statements.

    It decides how all of the file is read.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }

    language 1
    ```

    ## Instead

    ```flow
    language 1

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
        return "`language` has to be the first statement"

    @property
    def hint(self) -> str:
        """What to do."""
        return "move it to the top, or leave it out"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        text, (source, start, end) = self.span.source.text, self.span
        line = Span(source, text.rfind("\n", 0, start) + 1, text.find("\n", end) + 1 or len(text))
        gone = Edit(line, "")
        if _FIRST.match(text):
            return Fix("leave it out", (gone,), safe=True)
        begin = len(text) - len(text.removeprefix("\ufeff"))
        top = Edit(Span(source, begin, begin), f"{text[start:end]}\n\n")
        return Fix("move it to the top", (top, gone), safe=True)
