"""Another team's agents on a host: `plan` says what the installer would ask about."""

from pathlib import Path

import pytest
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.change.fleet import built, planned
from flumec.compiler.change.outcome import Outcome, outcome
from flumec.compiler.change.text import as_text
from flumec.compiler.emit import emit
from flumec.compiler.inputs import in_memory
from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.teams import of_other_flows
from flumec.compiler.options import Options
from flumec.compiler.plan import Plan

ONE = """\
hosts {set} = [{hosts}]

agent {agent} on {set} {{
  source numbers : seq

  channel spool : file

  sink out : null

  numbers -> spool
  spool -> out
}}
"""
SHOP = ONE.format(set="shops", hosts='"web-1", "web-2"', agent="shop")
DESK = ONE.format(set="desks", hosts='"web-2", "web-3"', agent="desk")


def compiled(**flows: str) -> Plan:
    files = {f"{name}.flow": text for name, text in flows.items()}
    found = compile_fleet([Path(name) for name in files], Options(), in_memory(files))
    assert found.plan is not None, [each.message for each in found.diagnostics]
    return found.plan


@pytest.mark.parametrize(
    "after",
    [{"shop": SHOP}, {"desk": DESK}, {"shop": SHOP, "desk": "param nothing : size = 1GiB\n"}],
    ids="+".join,
)
def test_whom_the_installer_asks_about_is_said(tmp_path: Path, after: dict[str, str]) -> None:
    write_bundle(emit(compiled(shop=SHOP, desk=DESK)), tmp_path / "old")
    write_bundle(emit(compiled(**after)), tmp_path / "new")

    said = outcome(built(tmp_path / "old"), planned(compiled(**after)), {})

    asked = {
        (agent["name"], host.name)
        for host in (tmp_path / "new").iterdir()
        if host.is_dir() and (tmp_path / "old" / host.name).exists()
        for agent in of_other_flows(Bundle(tmp_path / "old" / host.name), Bundle(host))
    }
    assert {(each.agent, host) for each in said.strangers for host in each.hosts} == asked
    assert any("--replace" in line for line in as_text(said)) == bool(asked)


def test_an_older_flumec_may_not_read_the_journals(tmp_path: Path) -> None:
    def planned_after(form: object) -> Outcome:
        write_bundle(emit(compiled(shop=SHOP)), tmp_path / "dist")
        manifest = tmp_path / "dist" / "manifest.json"
        said = planned(compiled(shop=SHOP)).journal_format
        text = manifest.read_text()
        old = f'"journal format": {said},'
        assert old in text
        manifest.write_text(text.replace(old, "" if form is None else f'"journal format": {form},'))
        return outcome(built(tmp_path / "dist"), planned(compiled(shop=SHOP)), {})

    newer, same, unknown = planned_after(99), planned_after(3), planned_after(None)

    assert newer.older_journals == (99, same.new.journal_format)
    assert any("99 where it needs that" in line for line in as_text(newer))
    assert same.older_journals is unknown.older_journals is None
    assert not any("journals" in line for each in (same, unknown) for line in as_text(each))
