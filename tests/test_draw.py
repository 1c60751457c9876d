"""Pictures of the language's examples: well-formed, complete, without overlaps, always the same."""

import json
import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from flumec.compiler.build import lint, lint_text
from flumec.compiler.draw import FORMATS, draw
from flumec.compiler.draw.labels import Label, labels
from flumec.compiler.draw.layout import Rectangle, lay_out
from flumec.compiler.draw.picture import Picture, picture_of
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options

FLOWS = sorted((Path(__file__).parent / "flows").glob("*.flow"))


@pytest.fixture(params=FLOWS, ids=lambda path: path.stem)
def picture(request: pytest.FixtureRequest) -> Picture:
    fleet = lint([request.param], Options(sets={"lake": "hdfs://nn.example.com/logs"})).fleet
    return picture_of(fleet, Graph(fleet))


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_nothing_lies_on_something_else(picture: Picture) -> None:
    layout = lay_out(picture)

    assert not [pair for pair in combinations(layout.boxes.values(), 2) if overlap(*pair)]
    assert not [pair for pair in combinations(layout.nodes.values(), 2) if overlap(*pair)]


def test_every_node_lies_in_its_agents_box(picture: Picture) -> None:
    layout = lay_out(picture)

    for box in picture.boxes:
        outer = layout.boxes[box.id]
        for node in box.nodes:
            inner = layout.nodes[node.id]
            assert outer.x <= inner.x
            assert inner.x + inner.width <= outer.x + outer.width
            assert outer.y <= inner.y
            assert inner.y + inner.height <= outer.y + outer.height


def test_links_lead_to_the_right(picture: Picture) -> None:
    layout = lay_out(picture)

    for edge in picture.edges:
        if edge.kind == "link":
            start, end = layout.nodes[edge.start], layout.nodes[edge.end]
            assert start.x + start.width < end.x


def test_the_svg_is_well_formed_and_names_every_component(picture: Picture) -> None:
    texts = {text.text for text in ET.fromstring(FORMATS["svg"](picture)).iter() if text.text}

    assert {node.name for box in picture.boxes for node in box.nodes} <= texts


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_shows_every_edge(picture: Picture, form: str) -> None:
    text = FORMATS[form](picture)
    patterns = {
        "svg": r'<path class="(?:chain|optional|link)"',
        "mermaid": r"(?:-->|-\.->|==>)",
        "dot": r" -> ",
        "json": r'"start":',
    }

    assert len(re.findall(patterns[form], text)) == len(picture.edges)


def test_json_is_read_back(picture: Picture) -> None:
    data = json.loads(FORMATS["json"](picture))

    assert data["format_version"] == 1
    assert [box["title"] for box in data["boxes"]] == [box.title for box in picture.boxes]


def test_text_of_users_is_quoted() -> None:
    text = """
hosts web = ["web-1"]

agent a on web {
  source events : http {
    port = 8080
    tls = server
  }

  channel spool : memory

  sink out : null

  events -> route header["<&\\"]"] {
    "\\"<b>&" -> spool
    else -> drop
  }
  spool -> out
}
"""
    fleet = lint_text_fleet(text)
    graph = Graph(fleet)

    svg = draw(fleet, graph, "svg")
    labels = [t.text or "" for t in ET.fromstring(svg).iter() if t.get("class") == "label"]
    assert any('"<b>&' in label for label in labels)
    assert '"<b>' not in draw(fleet, graph, "mermaid")
    assert json.loads(draw(fleet, graph, "json"))


def test_what_cannot_be_seen_in_a_value_is_escaped() -> None:
    text = """
hosts web = ["web-1"]

agent a on web {
  source events : http {
    port = 8080
    tls = server
  }

  channel spool : memory

  sink out : null

  events -> route header.kind {
    "a\x01\\n" -> spool
    else -> drop
  }
  spool -> out
}
"""
    fleet = lint_text_fleet(text)

    svg = ET.fromstring(draw(fleet, Graph(fleet), "svg"))

    assert "kind = a\\x01\\n" in [t.text for t in svg.iter() if t.get("class") == "label"]


def lint_text_fleet(text: str) -> Fleet:
    return lint_text(text).fleet


@pytest.mark.slow
def test_a_fleet_of_thousands_of_boxes_is_drawn() -> None:
    agents = "\n".join(
        f'hosts h{i} = ["h{i}"]\n\nagent a{i} on h{i} {{\n  source s : seq\n\n'
        "  channel c : file\n\n  s -> c\n}\n\n"
        f"a{i}.c => core.inbox {{\n  port = 4141\n}}\n"
        for i in range(300)
    )
    core = (
        'hosts k = ["k"]\n\nagent core on k {\n  channel inbox : file\n\n'
        "  sink out : null\n\n  inbox -> out\n}\n"
    )
    fleet = lint_text_fleet(agents + core)

    svg = draw(fleet, Graph(fleet), "svg")

    assert svg.count('class="link"') == 300


def fleet_of_relays() -> Picture:
    """Return a picture of 26 agents that send to 3 in turns, each by a port of its own."""
    relays = "\n".join(
        f'hosts r{i} = ["r{i}"]\n\nagent relay{i} on r{i} {{\n  channel inbox : file\n\n'
        "  sink out : null\n\n  inbox -> out\n}\n"
        for i in range(3)
    )
    agents = "\n".join(
        f'hosts h{i} = ["h{i}"]\n\nagent a{i} on h{i} {{\n  source s : seq\n\n'
        f"  channel c : file\n\n  s -> c\n}}\n\n"
        f"a{i}.c => relay{i % 3}.inbox {{\n  port = {4200 + i}\n}}\n"
        for i in range(26)
    )
    fleet = lint_text_fleet(agents + relays)
    return picture_of(fleet, Graph(fleet))


def test_no_label_lies_on_another(picture: Picture) -> None:
    for each in (picture, fleet_of_relays()):
        places = [box_of_label(label) for label in labels(each, lay_out(each))]

        assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def box_of_label(label: Label) -> Rectangle:
    width = 5.0 * len(label.text)
    left = label.x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    return Rectangle(left, label.y - 8, width, 8)


def test_neighbours_stand_together_so_that_few_links_cross() -> None:
    picture = fleet_of_relays()
    layout = lay_out(picture)
    links = [edge for edge in picture.edges if edge.kind == "link"]
    ways = [(layout.nodes[e.start].middle, layout.nodes[e.end].middle) for e in links]

    assert not [(a, b) for a, b in combinations(ways, 2) if (a[0] - b[0]) * (a[1] - b[1]) < 0]


def test_no_edge_is_drawn_over_a_name(picture: Picture) -> None:
    svg = FORMATS["svg"](picture).split("\n")
    edges = [at for at, line in enumerate(svg) if line.startswith("<path class=")]
    names = [at for at, line in enumerate(svg) if line.startswith('<text class="name"')]

    assert 0 < max(edges) < min(names)
