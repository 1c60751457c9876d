"""What the page about the hdfs sink says is so: its flows compile, its names are the real ones."""

import re
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.options import Options
from flumec.runtime.sinks import Hdfs

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = (DOCS / "hdfs.md").read_text()
FLOW, *SINKS = re.findall(r"^```(?:flow)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("lake", [None, "hdfs://nn.example.com/lake", "swebhdfs://nn/lake"])
def test_its_flow_is_clean_whatever_the_lake(lake: str | None) -> None:
    options = Options() if lake is None else Options(sets={"lake": lake})

    assert lint_text(FLOW, options=options).diagnostics == ()


@pytest.mark.parametrize("sink", SINKS, ids=["two namenodes", "tls"])
def test_its_other_sinks_are_clean(sink: str) -> None:
    agent = FLOW[: FLOW.index("  sink store")] + "{}" + FLOW[FLOW.index("  events ->") :]
    indented = "".join(f"  {line}\n" if line else "\n" for line in sink.splitlines())

    text = agent.replace("{}", indented + "\n").replace(
        'param lake : url = "file:///srv/lake"\n\n', ""
    )
    assert lint_text(text).diagnostics == ()


def test_what_it_names_are_properties() -> None:
    table = PAGE.partition("| Flume | here |")[2].partition("## Room")[0]
    named = {
        word
        for line in table.splitlines()
        if line.count("|") == 3
        for word in re.findall(r"`(\w+)", line.split("|")[2])
    }

    assert named - {"timestamp", "roll"} <= set(Hdfs.props)
