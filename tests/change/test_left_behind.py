"""What a build would leave behind: channels with rows, hosts with agents, links that wait."""

import pytest
from flumec.compiler.change.held import Held, held
from flumec.compiler.change.text import as_text
from flumec.runtime.journal import ChannelSpec

from ..channel.conftest import State  # noqa: TID252 the rig that makes real journals
from .conftest import FLOW, Planner, changed


def rename(*, formerly: bool) -> str:
    block = ' {\n    formerly = "inbox"\n  }\n' if formerly else "\n"
    return changed(
        ("channel inbox : file\n", f"channel hall : file{block}"),
        ("inbox -> files", "hall -> files"), ("collector.inbox", "collector.hall"),
    )  # fmt: skip


def test_a_renamed_channel_is_orphaned_unless_it_says_what_it_was(planner: Planner) -> None:
    (orphan,) = planner(rename(formerly=False)).orphans
    assert (orphan.host, orphan.agent, orphan.channel) == ("core-1", "collector", "inbox")
    assert not planner(rename(formerly=True)).orphans


def test_a_host_that_leaves_leaves_its_channels(planner: Planner) -> None:
    found = planner(changed(('["web-1", "web-2"]', '["web-1"]')))
    assert found.leaving == ("web-2",)
    assert [(each.host, each.channel) for each in found.orphans] == [("web-2", "spool")]
    assert ("tailer", "removed", ("web-2",)) in [(a.agent, a.fate, a.hosts) for a in found.agents]


def test_a_channel_that_leaves_the_disk_leaves_its_rows(planner: Planner) -> None:
    (orphan,) = planner(changed(("inbox : file", "inbox : memory"))).orphans
    assert "memory" in orphan.reason


def test_a_channel_that_changes_its_journal_leaves_its_rows(planner: Planner) -> None:
    moved = "  channel inbox : file {\n    journal = fast\n  }\n"
    journal = "  journal fast {\n    compression = lz4\n  }\n\n"
    (orphan,) = planner(changed(("  channel inbox : file\n", journal + moved))).orphans
    assert "`default`" in orphan.reason


def test_a_renamed_channel_in_another_journal_leaves_its_rows(planner: Planner) -> None:
    journal = "  journal fast {\n    compression = lz4\n  }\n\n"
    moved = rename(formerly=True).replace(
        '    formerly = "inbox"\n', '    formerly = "inbox"\n    journal = fast\n'
    )
    (orphan,) = planner(moved.replace("  channel hall", f"{journal}  channel hall")).orphans
    assert "`default`" in orphan.reason


def test_a_journal_that_moves_leaves_the_rows_of_its_channels(planner: Planner) -> None:
    journal = '  journal default {\n    directory = "/srv/journal"\n  }\n\n'
    (orphan,) = planner(changed(("  channel inbox", f"{journal}  channel inbox"))).orphans
    assert orphan.channel == "inbox"
    assert "another directory" in orphan.reason


def test_what_is_held_is_read_from_the_state(planner: Planner, state: State) -> None:
    state.open()
    state.put("a", "b")
    state.close()
    looked = held([("core-1", state.path)])
    assert looked["core-1", "tailer", "a"].rows == 2
    assert held([("", state.path)]).keys() == {("web-1", "tailer", "a"), ("web-1", "tailer", "b")}
    named = {("core-1", "collector", "inbox"): Held(12_345, 3 << 20)}
    lines = "\n".join(as_text(planner(rename(formerly=False), held=named)))
    assert "collector.inbox on core-1" in lines
    assert "Holds 12,345 rows, 3 MiB" in lines or "Holds 12,345 rows, 3.0 MiB" in lines


def test_rows_of_a_channel_that_an_earlier_build_removed_are_told_too(
    planner: Planner, state: State
) -> None:
    state.open()
    state.put("a", "b")
    state.close()
    state.open(ChannelSpec("c", 1 << 20, durable=True))
    state.close()
    found = planner(FLOW, held=held([("", state.path)]))
    assert [(each.host, each.channel) for each in found.orphans] == [("web-1", "a"), ("web-1", "b")]
    assert found.status == 1


@pytest.mark.parametrize(
    ("pair", "ports", "replaces"),
    [
        (("port = 4141", "port = 4142"), (4141, 4142), None),
        (("inbox", "hall"), None, "tailer.spool => collector.inbox"),
    ],
)
def test_a_link_whose_ends_refuse_each_other_says_who_waits(
    planner: Planner, pair: tuple[str, str], ports: tuple[int, int] | None, replaces: str | None
) -> None:
    (link,) = planner(changed(pair)).standstills
    assert (link.senders, link.receivers) == (("web-1", "web-2"), ("core-1",))
    assert (link.ports, link.replaces, link.outside) == (ports, replaces, ())


def test_a_sink_that_changes_makes_no_link_wait(planner: Planner) -> None:
    assert not planner(changed(("64MiB", "32MiB"))).standstills
