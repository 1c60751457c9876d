"""What docs/groups.md says is so: its flow compiles into a script, its codes and metrics exist."""

import re
from pathlib import Path

from flumec.compiler.build import compile_fleet, lint_text
from flumec.compiler.emit import emit
from flumec.compiler.explain import every_rule
from flumec.compiler.options import Options
from flumec.runtime.groups.patience import PATIENCE
from flumec.runtime.messages import every_message

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "groups.md"
TEXT = PAGE.read_text("utf-8")


def flow() -> str:
    (found,) = re.findall(r"^```flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def test_its_flow_is_clean() -> None:
    assert lint_text(flow()).diagnostics == ()


def test_its_flow_becomes_a_script_that_reads_like_it(tmp_path: Path) -> None:
    (tmp_path / "gateway.flow").write_text(flow())
    compiled = compile_fleet([tmp_path / "gateway.flow"], Options())
    assert compiled.plan is not None
    files = emit(compiled.plan)
    (script,) = [text.decode() for name, text in files.items() if name.endswith("gateway.py")]
    assert 'agent.deliver(audit, Failover(primary, backup, in_doubt="wait"))\n' in script
    assert "agent.deliver(clicks, Balance(left, right))\n" in script
    assert "audit -> failover(primary, backup)" in script
    compile(script, "gateway.py", "exec")


def test_the_codes_that_it_names_exist() -> None:
    named = set(re.findall(r"\b((?:FL|RT)\d{3})\b", TEXT))
    assert {"FL351", "RT703"} <= named
    assert named <= {*every_rule(), *every_message()}


def test_the_metrics_that_it_names_are_counted() -> None:
    named = re.findall(r"^\| `flumec_sink_(\w+?)(?:_total)?` \|", TEXT, re.MULTILINE)
    assert len(named) == 5
    code = "".join(path.read_text() for path in (ROOT / "runtime" / "groups").glob("*.py"))
    assert [name for name in named if f'"{name}"' not in code] == []


def test_its_seconds_are_those_of_the_code() -> None:
    assert PATIENCE == 3
    assert "for more than three seconds" in TEXT


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
