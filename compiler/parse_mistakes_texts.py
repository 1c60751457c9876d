"""Mistakes in texts: no closing quote, wrong quotes, or none."""

import re
from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tokens import ERROR
from flumec.compiler.source import Span

_QUOTES = "'`‘’“”„«»"
_CLOSING = {"‘": "’", "“": "”", "„": "“", "«": "»"}
_LONGEST = 10_000
_LIMITS = ' \t\r\n"#,(){}[];='
_NAMED = re.compile(r"\$\{[ \t]*([A-Za-z_][\w.]*)[ \t]*\}")
_UNQUOTED = re.compile(r"(~?|\.{0,2}|\w+:)/\S*|\d+(\.\d+){2,}(:\d+)?|[\w-]+(\.[\w-]+)+(:\d+)?/\S*")
"""A path, a URL, an address, a host with a path."""

_HOSTS = re.compile(r"[\w.-]*-[\w.-]*(\{[^{}\n]*\}[\w.-]*)*")
"""Names of hosts that are no names of the language: `web-1.example.com`, `web-{1..3}`."""


class UnterminatedText(Diagnostic, code="FL002"):
    """A text does not end on its line.

    What follows would be read as part of the text, or as statements.

    ## Example

    ```flow
    hosts one = ["a.example.com]

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
        return "the text has no closing quote"

    @property
    def hint(self) -> str:
        """What to do."""
        return 'a text ends on its line with `"`; a longer one stands between `"""` and `"""`'

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if stop.token.terminal != ERROR or not stop.text().startswith('"'):
            return None
        return cls(stop.span)


class WrongQuote(Diagnostic, code="FL004"):
    """A text stands in the wrong quotes.

    Single and typographic quotes have no meaning, so the words between them would be names.

    ## Example

    ```flow
    hosts one = ['a.example.com']

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

    quote: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f'a text stands in `"`, not in `{self.quote}`'

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write `{self.fix.edits[0].text}`" if self.fix else 'write it between `"` and `"`'

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        line = self.span.source.text[self.span.start + 1 : self.span.start + 1 + _LONGEST]
        inside, closed, _ = line.partition("\n")[0].partition(_CLOSING.get(self.quote, self.quote))
        if not closed or set(inside) & set('"\\$'):
            return None
        end = self.span.start + len(inside) + 2
        text = self.span._replace(end=end)
        return replaced(text, f'"{inside}"', 'write it between `"` and `"`', safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        quote = stop.text()[:1]
        return cls(stop.span, quote=quote) if quote in _QUOTES and quote else None


class UnquotedText(Diagnostic, code="FL006"):
    """A path, an address or a URL without quotes.

    Its slashes and dots are no part of a name or a number.

    ## Example

    ```flow
    hosts one = [10.0.0.1]

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
    hosts one = ["10.0.0.1"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    word: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.word}` stands without quotes"

    @property
    def hint(self) -> str:
        """What to do."""
        return f'write `"{self.word}"`'

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return replaced(self.span, f'"{self.word}"', "put it in quotes", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        text, start, end = stop.source.text, stop.token.start, stop.token.end
        while start and text[start - 1] not in _LIMITS:
            start -= 1
        if stop.names_hosts and (hosts := _HOSTS.match(text, start)):
            return cls(Span(stop.source, start, hosts.end()), word=hosts[0])
        while end < len(text) and text[end] not in _LIMITS:
            end += 1
        word = text[start:end]
        if not _UNQUOTED.fullmatch(word):
            return None
        return cls(Span(stop.source, start, end), word=word)


class DollarOutsideText(Diagnostic, code="FL007"):
    """A `${…}` stands outside of a text.

    A name that is a whole value needs no sign; `${…}` is for a part of a text.

    ## Example

    ```flow
    let name = "a.example.com"
    hosts one = [${name}]

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
    let name = "a.example.com"
    hosts one = [name]

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
        return "`${…}` stands only in a text"

    @property
    def hint(self) -> str:
        """What to do."""
        return "a name that is the whole value is written alone, without `${` and `}`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        whole = _NAMED.match(self.span.source.text, self.span.start)
        if whole is None:
            return None
        return replaced(self.span, whole[1], "write the name alone", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if not stop.text().startswith("$"):
            return None
        whole = _NAMED.match(stop.source.text, stop.token.start)
        return cls(stop.span._replace(end=whole.end()) if whole else stop.span)
