"""What docs/link.md says of several peers compiles to what it says, and its codes exist."""

import re
from pathlib import Path

from flumec.compiler.build import compile_fleet
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.runtime.messages import every_message

PAGE = (Path(__file__).parents[2] / "docs" / "link.md").read_text()


def test_its_flow_becomes_a_list_in_order_of_preference(tmp_path: Path) -> None:
    (flow,) = [
        text for text in re.findall(r"```flow\n(.*?)```", PAGE, re.DOTALL) if "spread" in text
    ]
    (tmp_path / "weblogs.flow").write_text(flow)
    compiled = compile_fleet([tmp_path / "weblogs.flow"], Options())
    assert compiled.plan is not None
    files = emit(compiled.plan)
    wired = [
        line
        for number in range(1, 5)
        for line in files[f"web-{number}/agents/tailer.py"].decode().splitlines()
        if line.startswith("agent.deliver")
    ]
    one, two = "to_core_1, to_core_2", "to_core_2, to_core_1"
    said = [f'agent.deliver(spool, Failover({order}, in_doubt="wait"))' for order in (one, two) * 2]
    assert wired == said


def test_its_messages_exist() -> None:
    known = set(every_message())
    assert set(re.findall(r"RT\d{3}", PAGE)) <= known
