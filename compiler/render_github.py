"""Findings as GitHub's workflow commands: each becomes an annotation in the changed file."""

from collections.abc import Iterable

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.render import one_line
from flumec.compiler.render_where import from_here

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def as_github(findings: Iterable[Diagnostic]) -> str:
    """Return one command a line; GitHub shows the first ten of each level of a step."""
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Diagnostic) -> str:
    span = finding.span
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    properties = {"file": from_here(span.source.path), "line": str(line)}
    if end_line == line and end_column > column:  # columns are of one line, and inclusive
        properties |= {"col": str(column), "endColumn": str(end_column - 1)}
    else:
        properties |= {"endLine": str(end_line)}
    properties["title"] = f"{finding.code} {finding.slug()}"
    places = [f"{place.span}: {place.text}" for place in finding.places]
    hint = [f"help: {finding.hint}"] if finding.hint else []
    said = [finding.message, *places, *finding.notes, *hint]
    data = "\n".join(one_line(each) for each in said).translate(_DATA)
    pairs = ",".join(f"{name}={one_line(v).translate(_PROPERTY)}" for name, v in properties.items())
    return f"::{_LEVELS[finding.severity]} {pairs}::{data}"
