"""Who points at a source or sink in a picture reads what is claimed of its events."""

from xml.etree import ElementTree as ET

from flumec.compiler.build import lint_text
from flumec.compiler.draw import draw
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.hover import SHOWN, hover

AGENT = """\
agent a{n} on here {{
  source numbers : seq

  channel spool : file

  numbers -> spool
}}

a{n}.spool => hub.inbox {{
  port = 4141
  tls = mutual
}}
"""
HUB = """\
hosts here = ["here-1"]

hosts hub = ["hub-1"]

agent hub on hub {
  channel inbox : file

  sink out : logger

  inbox -> out
}
"""


def _fleet(agents: int) -> str:
    return "\n".join([HUB, *(AGENT.format(n=n) for n in range(agents))])


def test_a_picture_says_it_of_each_source_and_sink_and_of_no_channel() -> None:
    fleet = lint_text(_fleet(1)).fleet

    svg = ET.fromstring(draw(fleet, Graph(fleet), "svg"))
    told = [title.text or "" for title in svg.iter() if title.tag.endswith("}title")]

    assert len(told) == 2
    assert any(text.startswith("to hub.out: at least once, order per source") for text in told)
    assert any(text.startswith("from a0.numbers: at least once") for text in told)
    assert all("\n  weakest: hub.out, killed: `logger` delivers again" in text for text in told)


def test_many_sources_of_one_sink_are_a_few_and_a_number() -> None:
    fleet = lint_text(_fleet(SHOWN + 3)).fleet

    said = hover(Graph(fleet))["hub", "out"]

    assert said.count("from a") == SHOWN
    assert said.endswith("\nand 3 more")
