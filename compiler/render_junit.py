"""Findings as a JUnit report: a suite for each file, a test case for each finding in it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.render import as_text
from flumec.compiler.render_where import from_here

_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say, not even escaped."""


def as_junit(findings: Sequence[Diagnostic], files: Sequence[str], *, strict: bool) -> str:
    """Return the report. A case fails where the exit status does: by an error, or if strict by a
    warning too; what else is said stands in a case that passes. A clean file is a case as well.
    """
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in files}
    for finding in findings:
        by_file.setdefault(finding.span.source.path, []).append(finding)
    root = ET.Element("testsuites", name="flumec lint")
    failures = 0
    for path, said in by_file.items():
        suite = ET.SubElement(root, "testsuite", name=printable(from_here(path)))
        failed = _cases(suite, said, strict=strict)
        _count(suite, max(len(said), 1), failed)
        failures += failed
    _count(root, sum(max(len(said), 1) for said in by_file.values()), failures)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}'


def _count(element: ET.Element, cases: int, failures: int) -> None:
    element.attrib |= {"tests": str(cases), "failures": str(failures), "errors": "0"}


def _cases(suite: ET.Element, findings: Sequence[Diagnostic], *, strict: bool) -> int:
    """Add the cases of one file; return how many fail."""
    path = suite.attrib["name"]
    if not findings:
        ET.SubElement(suite, "testcase", name=path, classname="flumec.lint", file=path)
    failing = {"error", "warning"} if strict else {"error"}
    for finding in findings:
        line, column = str(finding.span.line), str(finding.span.column)
        case = ET.SubElement(
            suite, "testcase", name=f"{finding.code} {finding.slug()} at {path}:{line}:{column}",
            classname="flumec.lint", file=path, line=line,
        )  # fmt: skip
        if finding.severity in failing:
            message = printable(finding.message)
            said = ET.SubElement(case, "failure", message=message, type=finding.severity)
        else:
            said = ET.SubElement(case, "system-out")
        said.text = printable(as_text(finding))
    return sum(finding.severity in failing for finding in findings)


def printable(text: str) -> str:
    """Return a text without what XML cannot say."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
