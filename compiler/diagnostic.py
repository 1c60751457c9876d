"""What is wrong with a fleet: a class for each rule, whose docstring is the rule's page."""

import difflib
import re
from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self, dataclass_transform

from flumec.compiler.fix import Fix, replaced
from flumec.compiler.source import Span

Severity = Literal["error", "warning", "note"]

BY_CODE: "dict[str, type[Diagnostic]]" = {}
"""Every rule by its code; filled as the classes are defined."""


class Place:
    """Another place that contributes, and what it has to do with it."""

    __slots__ = ("span", "text")

    def __init__(self, span: Span, text: str) -> None:
        self.span, self.text = span, text


@dataclass_transform(frozen_default=True)
class _Record:
    """Tells type checkers that a diagnostic's fields are its constructor."""


class Diagnostic(_Record):
    """One finding. A subclass adds data fields, and the sentences made from them.

    Its docstring is its page: the title line, what happens if it were let through, then
    `## Example` with a ```flow block that earns exactly this code, and `## Instead` with a clean
    one.
    """

    code: ClassVar[str] = ""
    severity: ClassVar[Severity] = "error"
    fields: ClassVar[tuple[str, ...]] = ("span",)
    """Its data by name, in the order of the constructor's arguments."""
    span: Span

    opt_in: ClassVar[bool] = False
    """Whether it speaks only where it is asked for, by `select`."""

    def __init_subclass__(
        cls, *, code: str, severity: Severity = "error", opt_in: bool = False, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if not re.fullmatch(r"FL\d{3}", code) or code in BY_CODE:
            raise TypeError(f"{code} is no free code for {cls.__name__}")
        cls.fields = (*cls.fields, *cls.__annotations__)
        cls.code, cls.severity, cls.opt_in, BY_CODE[code] = code, severity, opt_in, cls

    # One constructor for all of them: a dataclass each would be a fifth of the time `lint` takes.
    def __init__(self, *values: Any, **named: Any) -> None:
        given = {**dict(zip(self.fields, values, strict=False)), **named}
        missing = [n for n in self.fields if n not in given and not hasattr(type(self), n)]
        unknown = given.keys() - set(self.fields)
        if missing or unknown or len(given) < len(values) + len(named):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.fields)}")
        self.__dict__.update(given)

    def moved_to(self, span: Span) -> Self:
        """Return the same finding at another place."""
        return type(self)(**{**self.__dict__, "span": span})

    def as_loud_as(self, severity: Severity) -> Self:
        """Return the same finding in another severity."""
        finding = type(self)(**self.__dict__)
        finding.__dict__["severity"] = severity
        return finding

    @property
    def message(self) -> str:
        """What is wrong: lower case, no full stop, the user's words in backticks."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """A few words beside the underlining, or nothing."""
        return ""

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """What else led to it, a line each: the numbers of a calculation, for instance."""
        return ()

    @property
    def places(self) -> tuple[Place, ...]:
        """The other places that contribute."""
        return ()

    @property
    def fix(self) -> Fix | None:
        """How a program can mend it, where that is clear."""
        return None

    @classmethod
    def slug(cls) -> str:
        """The rule's name: `unknown-property` for UnknownProperty."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @property
    def order(self) -> tuple[str, int, str, str]:
        """A stable order: by file, place, code."""
        return self.span.source.path, self.span.start, self.code, self.message


def nearest(word: str, names: Iterable[str], most: int = 1) -> list[str]:
    """Return the names near to `word`, the nearest first: those that only differ in case.

    >>> nearest("error", ["ERROR", "errors"], most=2)
    ['ERROR', 'errors']
    """
    known = list(names)
    alike = [name for name in known if name.casefold() == word.casefold()]
    near = difflib.get_close_matches(word, known, n=most, cutoff=0.6)
    return list(dict.fromkeys((*alike, *near)))[:most]


def closest(word: str, names: Iterable[str]) -> str | None:
    """Return `did you mean …?` with the name nearest to `word`, if one is near."""
    matches = nearest(word, names)
    return f"did you mean `{matches[0]}`?" if matches else None


def listed(what: str, names: Iterable[str], none: str = "") -> str:
    """Return which there are, where none is near; of many the first.

    >>> listed("agents", ["tailer", "collector"])
    'the agents are `tailer`, `collector`'
    """
    known = [f"`{name}`" for name in names]
    more = f" and {len(known) - 8:,} more" if len(known) > 8 else ""
    if not known:
        return none or f"no {what} are declared"
    return f"the {what} are {', '.join(known[:8])}{more}"


def put_right(span: Span, word: str, names: Iterable[str]) -> Fix | None:
    """Return the fix of a misspelled `word` at `span`, if a single name is near to it.

    Two that are near are for a person to choose from; so is a span that shows more than the word.
    """
    matches = nearest(word, sorted(set(names)), most=2)
    text = span.source.text[span.start : span.end]
    if len(matches) != 1 or text not in {word, f'"{word}"'}:
        return None
    return replaced(span, text.replace(word, matches[0]), f"write `{matches[0]}`", safe=False)
