"""What docs/delivery.md says is so: its flow compiles, its codes and tests exist."""

import re
from pathlib import Path

from flumec.compiler.build import lint_text
from flumec.compiler.explain import every_rule
from flumec.runtime.letters import REASON, SINK, TRIES
from flumec.runtime.messages import every_message

PAGE = Path(__file__).parent.parent / "docs" / "delivery.md"
TEXT = PAGE.read_text("utf-8")


def test_its_flow_is_clean_and_does_not_stand_without_its_channel() -> None:
    (flow,) = re.findall(r"^```flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert lint_text(flow).diagnostics == ()
    alone = flow.replace("    dead_letter = late\n", "").replace("  channel late : file\n\n", "")
    assert [one.code for one in lint_text(alone).diagnostics] == ["FL340"]


def test_the_codes_that_it_names_exist() -> None:
    named = set(re.findall(r"`((?:FL|RT)\d{3})`", TEXT))
    assert named
    assert named <= {*every_rule(), *every_message()}


def test_it_has_every_header_of_a_dead_letter() -> None:
    assert set(re.findall(r"^\| `(flumec\.\w+)`", TEXT, re.MULTILINE)) == {REASON, SINK, TRIES}


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
