"""What docs/capacity.md shows is what the compiler says."""

import re
from pathlib import Path

from flumec.compiler.build import lint_text
from flumec.compiler.cli.prove import drawn
from flumec.compiler.explain import every_rule
from flumec.compiler.proofs.foreseen import foreseen, table
from flumec.compiler.proofs.outlook import outlooks
from flumec.compiler.render import as_text

PAGE = (Path(__file__).parents[2] / "docs" / "capacity.md").read_text()
(FLOW,) = re.findall(r"^```flow\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_fleet_holds() -> None:
    assert lint_text(FLOW).diagnostics == ()


def test_without_its_facts_it_is_what_is_shown() -> None:
    without = FLOW.replace("    keeps = 2d\n", "").replace("    ratio = 4\n", "")
    (found,) = lint_text(without).diagnostics
    said = as_text(found).split("\n")

    (shown,) = re.findall(r"^```\n(error\[FL601\].*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = shown.strip().split("\n")
    assert said[0] == lines[0]
    assert lines[2].strip().removeprefix("| ") in said[4]
    assert [line.strip() for line in said[6:]] == [line.strip() for line in lines[4:]]


def test_its_outages_are_what_prove_says() -> None:
    linted = lint_text(FLOW)
    ahead = foreseen(outlooks(linted.fleet, linted.graph, linted.fleet.proofs))

    (shown,) = re.findall(r"^```\n(OUTAGE .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert drawn(table(ahead)) + "\n" == shown


def test_the_rules_that_it_names_are_there() -> None:
    assert set(re.findall(r"FL\d{3}", PAGE)) <= set(every_rule())
