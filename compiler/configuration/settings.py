"""The settings of a run: what the nearest file says, and over it the command line."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from fnmatch import fnmatch
from pathlib import Path

from flumec.compiler.configuration.selectors import DEFAULT, Rule, is_on
from flumec.compiler.diagnostic import Diagnostic, Severity
from flumec.runtime.frozen import frozen


@frozen
class Settings:
    """Which rules speak, and how loud."""

    select: tuple[str, ...] = (DEFAULT,)
    ignore: tuple[str, ...] = ()
    strict: bool = False
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By code or name of a rule."""
    in_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is ignored in files, by their pattern, from `folder` on."""
    folder: str = ""
    mistakes: tuple[Diagnostic, ...] = ()
    """What is wrong with the file that says so."""

    def over(self, select: tuple[str, ...], ignore: tuple[str, ...], *, strict: bool) -> "Settings":
        """Return these with the command line's: it selects instead, and ignores as well."""
        return replace(
            self,
            select=select or self.select,
            ignore=(*self.ignore, *ignore),
            strict=strict or self.strict,
        )

    def applied(self, findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Yield the findings that are to be said, as loud as they are to be, and the mistakes."""
        yield from self.mistakes
        on: dict[tuple[Rule, str], bool] = {}
        for finding in findings:
            key = type(finding), finding.span.source.path
            if key not in on:
                on[key] = is_on(key[0], self.select, (*self.ignore, *self._ignored_in(key[1])))
            if on[key]:
                yield self._as_loud(finding)

    def _ignored_in(self, path: str) -> Iterator[str]:
        if not self.in_files:
            return
        name = posixpath.normpath(os.path.relpath(path, self.folder or "."))
        for pattern, selectors in self.in_files.items():
            if fnmatch(name, pattern):
                yield from selectors

    def _as_loud(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding in the severity that is wished; an error stays one."""
        for name in (finding.code, finding.slug()) if self.severity else ():
            if (wished := self.severity.get(name)) and finding.severity != "error":
                return finding.as_loud_as(wished)
        return finding


FILES = ("flumec.toml", "pyproject.toml")
"""What is looked for in each folder, the first before the second."""


def found(flow: Path) -> Path | None:
    """Return the nearest file with settings, from the folder of a .flow file upward.

    A pyproject.toml without a table `tool.flumec` is passed by.
    """
    here = Path(os.path.realpath(flow)).parent
    for folder in (here, *here.parents):
        for name in FILES:
            path = folder / name
            if path.is_file() and (name == FILES[0] or _has_table(path)):
                return path
    return None


def _has_table(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if b"flumec" not in content:
        return False
    import tomllib

    try:
        tool = tomllib.loads(content.decode()).get("tool")
    except ValueError:  # it may be meant: who reads it says what is wrong
        return b"tool.flumec" in content
    return isinstance(tool, dict) and "flumec" in tool
