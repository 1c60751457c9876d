"""The kit that messages are declared with."""

import inspect
import re
import string
from typing import Any, ClassVar, Literal, dataclass_transform

Level = Literal["warning", "error"]

BY_CODE: "dict[str, type[Message]]" = {}
"""Every message by its code; filled as the classes are defined."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Record:
    """Tells type checkers that a message's values are its constructor."""


class Message(_Record):
    """One warning or error in an agent's log, given to the logger in place of a text.

    A subclass has a text with its values in braces, and a docstring that is its page: the title
    says what happened, then what it means, and `## What to do`.

    >>> from flumec.runtime.messages.agent import CannotWork
    >>> str(CannotWork(reason="the disk is full")), CannotWork.code, CannotWork.slug()
    ('cannot work for now: the disk is full', 'RT101', 'cannot-work')
    """

    code: ClassVar[str] = ""
    level: ClassVar[Level] = "error"
    text: ClassVar[str] = ""

    def __init_subclass__(cls, *, code: str, level: Level, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not re.fullmatch(r"RT\d{3}", code) or code in BY_CODE:
            raise TypeError(f"{code} is no free code for {cls.__name__}")
        shown = {name for _, name, _, _ in string.Formatter().parse(cls.text) if name}
        if shown != inspect.get_annotations(cls).keys():
            raise TypeError(f"the text of {cls.__name__} shows other values than it has")
        cls.code, cls.level, BY_CODE[code] = code, level, cls

    def __init__(self, **values: Any) -> None:
        self.values = values
        """What the text shows, by name: for machines that read the log."""

    def __str__(self) -> str:
        return self.text.format_map(self.values)

    @classmethod
    def slug(cls) -> str:
        """The message's name: `cannot-work` for CannotWork."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
