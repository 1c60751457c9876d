"""What docs/spill.md says is so: its flow compiles, its codes exist, its bench is there."""

import re
from pathlib import Path

from flumec.compiler.build import lint_text
from flumec.compiler.explain import every_rule
from flumec.runtime.messages import every_message

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "spill.md"
TEXT = PAGE.read_text("utf-8")


def test_its_flow_is_clean() -> None:
    (flow,) = re.findall(r"^```flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert lint_text(flow).diagnostics == ()


def test_the_codes_that_it_names_exist() -> None:
    named = set(re.findall(r"`((?:FL|RT)\d{3})`", TEXT))
    assert named == {"FL341", "RT112"}
    assert named <= {*every_rule(), *every_message()}


def test_its_metrics_and_its_bench_are_there() -> None:
    metrics = (ROOT / "runtime" / "metrics.py").read_text()
    for name in re.findall(r"`flumec_channel_(\w+)`", TEXT):
        assert f'"{name}"' in metrics
    for script in re.findall(r"python (bench/\w+\.py)", TEXT):
        assert (ROOT / script).exists()
