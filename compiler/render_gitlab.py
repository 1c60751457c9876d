"""Findings as a GitLab Code Quality report: GitLab tells from two of them what a change adds."""

import json
from collections.abc import Sequence

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.render import one_line
from flumec.compiler.render_where import fingerprints, from_here

_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def as_gitlab(findings: Sequence[Diagnostic]) -> str:
    """Return a JSON list, an object for each finding."""
    names = fingerprints(findings)
    report = [_issue(finding, name) for finding, name in zip(findings, names, strict=True)]
    return json.dumps(report, indent=2)


def _issue(finding: Diagnostic, fingerprint: str) -> dict[str, object]:
    span = finding.span
    hint = f" ({finding.hint})" if finding.hint else ""
    return {
        "type": "issue",
        "check_name": f"{finding.code} {finding.slug()}",
        "description": one_line(finding.message + hint),
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": one_line(from_here(span.source.path)),
            "lines": {"begin": span.line, "end": span.source.position(span.end)[0]},
        },
    }
