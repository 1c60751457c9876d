"""Findings as SARIF 2.1.0, which GitHub's code scanning, editors and dashboards read."""

import json
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.explain import page, title
from flumec.compiler.fix import Edit, Fix
from flumec.compiler.render import one_line
from flumec.compiler.render_where import fingerprints, from_here
from flumec.compiler.source import Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}

Json = dict[str, Any]


def as_sarif(findings: Sequence[Diagnostic]) -> str:
    """Return a log with one run; of the rules it describes those that have something to say.

    Columns count UTF-16 code units, as editors do; the file says so itself.
    """
    rules = sorted({type(finding) for finding in findings}, key=lambda rule: rule.code)
    index = {rule: number for number, rule in enumerate(rules)}
    number = version("flumec")
    driver = {
        "name": "flumec",
        "version": number,
        "semanticVersion": number,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [
            {**_result(finding), "ruleIndex": index[type(finding)],
             "partialFingerprints": {"flumec/v1": fingerprint}}
            for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
        ],
    }  # fmt: skip
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: type[Diagnostic]) -> Json:
    return {
        "id": rule.code,
        "name": rule.__name__,
        "shortDescription": {"text": title(rule)},
        "help": {"text": page(rule), "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Diagnostic) -> Json:
    said = [finding.message, *finding.notes]
    if finding.hint:
        said.append(f"help: {finding.hint}")
    result: Json = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(one_line(each) for each in said)},
        "locations": [_location(finding.span, finding.label)],
    }
    if finding.places:
        result["relatedLocations"] = _related(finding.places)
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _related(places: Iterable[Place]) -> list[Json]:
    return [{"id": n, **_location(each.span, each.text)} for n, each in enumerate(places, 1)]


def _location(span: Span, text: str) -> Json:
    location: Json = {"physicalLocation": {"artifactLocation": _artifact(span)}}
    if span.source.text:  # where a file cannot be read there is no place in it
        location["physicalLocation"]["region"] = _region(span)
    if text:
        location["message"] = {"text": one_line(text)}
    return location


def _artifact(span: Span) -> Json:
    name = from_here(span.source.path)
    uri = quote(os.fsencode(name))
    return {"uri": f"file://{uri}" if name.startswith("/") else uri}


def _region(span: Span) -> Json:
    start_line, start_column = _position(span, span.start)
    end_line, end_column = _position(span, span.end)
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _position(span: Span, offset: int) -> tuple[int, int]:
    """Return a line, and a column in UTF-16 code units: an emoji is two of them."""
    line, column = span.source.position(offset)
    before = span.source.text[offset - column + 1 : offset]
    return line, len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1


def _fix(fix: Fix) -> Json:
    by_file: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.source.path, []).append(edit)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(edits[0].span),
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                    for edit in edits
                ],
            }
            for edits in by_file.values()
        ],
    }
