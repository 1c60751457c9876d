"""Tests that were run as a JUnit report: a suite for each file, a case for each test."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from flumec.compiler.model import Trial
from flumec.compiler.render import as_text
from flumec.compiler.render_junit import printable
from flumec.compiler.render_where import from_here
from flumec.compiler.trials.running import Outcome


def report(trials: Sequence[Trial], outcomes: Sequence[Outcome], seed: int) -> str:
    """Return the report; `outcomes` are those of `trials`, in their order."""
    root = ET.Element("testsuites", name="flumec test")
    suites: dict[str, ET.Element] = {}
    for trial, outcome in zip(trials, outcomes, strict=True):
        path = from_here(trial.span.source.path)
        if path not in suites:
            suites[path] = ET.SubElement(root, "testsuite", name=printable(path))
        _case(suites[path], trial, outcome, seed)
    for suite in (*suites.values(), root):
        cases = list(suite.iter("testcase"))
        failed = sum(case.find("failure") is not None for case in cases)
        broken = sum(case.find("error") is not None for case in cases)
        suite.attrib |= {"tests": str(len(cases)), "failures": str(failed), "errors": str(broken)}
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, trial: Trial, outcome: Outcome, seed: int) -> None:
    case = ET.SubElement(
        suite, "testcase", name=printable(trial.title), classname="flumec.test",
        file=suite.attrib["name"], line=str(trial.span.line), time=f"{outcome.seconds:.3f}",
    )  # fmt: skip
    properties = ET.SubElement(case, "properties")
    ET.SubElement(properties, "property", name="seed", value=str(seed))
    if outcome.failure:
        ET.SubElement(case, "error", message=printable(outcome.failure))
    elif outcome.finding is not None:
        message = printable(outcome.finding.message)
        said = ET.SubElement(case, "failure", message=message, type="expectation")
        said.text = printable(as_text(outcome.finding))
