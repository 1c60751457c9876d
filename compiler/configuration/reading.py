"""Reading `flumec.toml`, or `[tool.flumec]` in pyproject.toml; every mistake with its place."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flumec.compiler.configuration.mistakes import (
    BrokenSettings,
    ErrorStaysOn,
    UnknownRule,
    UnknownSetting,
    WrongSetting,
)
from flumec.compiler.configuration.selectors import DEFAULT, meant_by, names
from flumec.compiler.configuration.settings import Settings
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.source import Source, Span

KEYS = ("select", "ignore", "strict", "severity", "per-file-ignores")
LEVELS = ("error", "warning", "note")

_HEADER = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*flumec", re.MULTILINE)
_KEY = re.compile(r"(?<![\w-])flumec(?=[\"' \t]*=)")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_settings(path: Path, content: bytes) -> Settings:
    """Return what a file says; what is wrong with it is among its mistakes."""
    source = Source.read(str(path), content)
    try:
        whole = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        return Settings(mistakes=(_broken(source, str(error)),))
    table: Any = whole
    if path.name == "pyproject.toml":
        tool = whole.get("tool")
        table = tool.get("flumec", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        found = _KEY.search(source.text)
        span = Span(source, *found.span()) if found else Span(source, 0, 0)
        return Settings(mistakes=(WrongSetting(span, "tool.flumec", "a table"),))
    return _Reader(source, table).settings(str(path.parent))


def _broken(source: Source, error: str) -> BrokenSettings:
    place = _PLACE.search(error)
    start = len(source.text)
    if place and place[1]:
        lines = source.text.split("\n")[: int(place[1]) - 1]
        start = sum(len(line) + 1 for line in lines) + int(place[2]) - 1
    said = error[: place.start()] if place else error
    end = min(start + 1, len(source.text))
    return BrokenSettings(Span(source, start, end), said[:1].lower() + said[1:])


class _Reader:
    """One table of settings, and what is wrong with it."""

    def __init__(self, source: Source, table: Mapping[str, Any]) -> None:
        self._source = source
        header = _HEADER.search(source.text)
        self._start = header.start() if header else 0
        self._table = table
        self._mistakes: list[Diagnostic] = []

    def settings(self, folder: str) -> Settings:
        """Return the settings; what is wrong is left out, and said."""
        for name in self._table:
            if name not in KEYS:
                self._mistakes.append(UnknownSetting(self._key(name), name, KEYS))
        asked = self._rules("select", self._table.get("select"))
        return Settings(
            select=asked if "select" in self._table else (DEFAULT,),
            ignore=self._ignored("ignore", self._table.get("ignore")),
            strict=self._bool("strict"),
            severity=dict(self._severities()),
            in_files=dict(self._in_files()),
            folder=folder,
            mistakes=tuple(self._mistakes),  # the last: all others have been read
        )

    def _bool(self, name: str) -> bool:
        value = self._table.get(name, False)
        if not isinstance(value, bool):
            self._wrong(name, "`true` or `false`")
            return False
        return value

    def _subtable(self, name: str) -> Mapping[str, Any]:
        value = self._table.get(name, {})
        if not isinstance(value, dict):
            self._wrong(name, "a table")
            return {}
        return value

    def _severities(self) -> Iterator[tuple[str, Any]]:
        for rule, level in self._subtable("severity").items():
            if level not in LEVELS:
                self._wrong(rule, f"one of {', '.join(f'`{each}`' for each in LEVELS)}")
            elif self._known(rule, self._key(rule), down=level != "error"):
                yield rule, level

    def _in_files(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for pattern, rules in self._subtable("per-file-ignores").items():
            yield pattern, self._ignored(pattern, rules)

    def _ignored(self, name: str, value: object) -> tuple[str, ...]:
        return self._rules(name, value, down=True)

    def _rules(self, name: str, value: object, *, down: bool = False) -> tuple[str, ...]:
        """Return a list of selectors, without those that mean nothing."""
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._wrong(name, 'a list of rules, such as `["FL902", "unused-name"]`')
            return ()
        return tuple(each for each in value if self._known(each, self._text(name, each), down=down))

    def _known(self, selector: str, span: Span, *, down: bool) -> bool:
        mistake = mistake_in(selector, span, down=down)
        self._mistakes += [mistake] if mistake else []
        return mistake is None

    def _wrong(self, name: str, expected: str) -> None:
        self._mistakes.append(WrongSetting(self._key(name), name, expected))

    def _key(self, name: str) -> Span:
        """Return where a key stands, behind the table's header."""
        pattern = rf"(?<![\w-])(?P<key>[\"']?{re.escape(name)}[\"']?)[ \t]*[=\]]"
        found = re.compile(pattern).search(self._source.text, self._start)
        if found is None:  # written in another way, such as by escapes
            return Span(self._source, self._start, self._start)
        return Span(self._source, *found.span("key"))

    def _text(self, key: str, word: str) -> Span:
        """Return where a word stands in quotes, behind its key."""
        found = re.compile(rf"[\"']{re.escape(word)}[\"']").search(
            self._source.text, self._key(key).end
        )
        return Span(self._source, *found.span()) if found else self._key(key)


def mistake_in(selector: str, span: Span, *, down: bool) -> Diagnostic | None:
    """Return what is wrong with a selector; with `down` it may not mean errors alone."""
    rules = meant_by(selector)
    if not rules:
        return UnknownRule(span, selector, tuple(names()))
    if down and all(rule.severity == "error" for rule in rules):
        many = selector not in {rules[0].code, rules[0].slug()}
        return ErrorStaysOn(span, selector, "names only errors" if many else "is an error")
    return None


def mistakes_in(selectors: Iterable[str], *, down: bool) -> Iterator[Diagnostic]:
    """Yield what is wrong with selectors that stand in no file."""
    for selector in selectors:
        place = Span(Source("", selector), 0, len(selector))
        if mistake := mistake_in(selector, place, down=down):
            yield mistake
