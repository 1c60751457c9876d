"""The table of mistakes: the first of its kinds that knows where the parser stopped names it."""

from collections.abc import Callable

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse_mistakes_arrows import DanglingArrow, MissingSign, WrongArrow
from flumec.compiler.parse_mistakes_assignments import (
    ColonForEquals,
    MissingEquals,
    MissingValue,
)
from flumec.compiler.parse_mistakes_blocks import StrayBrace, UnopenedBlock
from flumec.compiler.parse_mistakes_brackets import MissingComma, UnclosedBracket, WrongBracket
from flumec.compiler.parse_mistakes_nesting import BlockOnOneLine, NoBlockHere
from flumec.compiler.parse_mistakes_order import MisplacedWord, SecondStatement, Unexpected
from flumec.compiler.parse_mistakes_signs import (
    Arithmetic,
    ForeignComment,
    Semicolon,
    UnknownCharacter,
)
from flumec.compiler.parse_mistakes_texts import (
    DollarOutsideText,
    UnquotedText,
    UnterminatedText,
    WrongQuote,
)
from flumec.compiler.parse_mistakes_types import EqualsForColon, MissingType
from flumec.compiler.parse_mistakes_units import UnitApart
from flumec.compiler.parse_mistakes_words import (
    NameInQuotes,
    NameWithHyphen,
    ReservedWord,
    TextWithoutQuotes,
)
from flumec.compiler.parse_stop import Stop

MISTAKES: tuple[Callable[[Stop], Diagnostic | None], ...] = (
    UnterminatedText.recognise,
    Semicolon.recognise,
    WrongQuote.recognise,
    ForeignComment.recognise,
    DollarOutsideText.recognise,
    NameWithHyphen.recognise,
    UnquotedText.recognise,
    WrongArrow.recognise,
    Arithmetic.recognise,
    UnknownCharacter.recognise,  # the last of those about characters
    UnitApart.recognise,
    MissingValue.recognise,
    DanglingArrow.recognise,
    MisplacedWord.recognise,  # before its word is taken for a reserved name
    ReservedWord.recognise,
    BlockOnOneLine.recognise,
    WrongBracket.recognise,
    UnclosedBracket.recognise,
    MissingComma.recognise,  # before a missing equals sign: in a call both may follow a name
    ColonForEquals.recognise,
    EqualsForColon.recognise,
    MissingEquals.recognise,
    MissingType.recognise,
    NameInQuotes.recognise,
    TextWithoutQuotes.recognise,
    MissingSign.recognise,
    UnopenedBlock.recognise,
    NoBlockHere.recognise,
    StrayBrace.recognise,
    SecondStatement.recognise,
)
"""The kinds of mistakes, the more particular first."""


def recognise(stop: Stop) -> Diagnostic:
    """Return what is wrong where the parser stopped."""
    for mistake in MISTAKES:
        if (finding := mistake(stop)) is not None:
            return finding
    return Unexpected.at(stop)
