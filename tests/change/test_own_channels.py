"""Channels that each host of a link has for itself: what a change of the link leaves behind."""

import pytest

from .conftest import FLOW, Planner, changed

ALL = changed(
    ('core = ["core-1"]', 'core = ["core-1", "core-2"]'),
    ("tls = mutual\n", "tls = mutual\n  policy = all\n"),
    ("access -> timestamp()", "access -> host() -> timestamp()"),
)


def named(text: str, name: str, formerly: str = "") -> str:
    block = f'    formerly = "{formerly}"\n' if formerly else ""
    return changed(
        ("channel spool : file {\n", f"channel {name} : file {{\n{block}"),
        ("-> spool", f"-> {name}"),
        ("tailer.spool", f"tailer.{name}"),
        text=text,
    )


def left(planner: Planner, old: str, new: str) -> set[tuple[str, str]]:
    return {(each.host, each.channel) for each in planner(new, old).orphans}


WEB = ("web-1", "web-2")


@pytest.mark.parametrize(
    ("new", "channels"),
    [
        (ALL, ()),
        (named(ALL, "queue", "spool"), ()),
        (named(ALL, "queue"), ("spool@core-1", "spool@core-2")),
        (changed(("policy = all", "policy = hash(header.host)"), text=ALL), ()),
        (
            changed(("policy = all", "policy = failover"), text=ALL),
            ("spool@core-1", "spool@core-2"),
        ),
        (changed(('"core-2"]', '"core-3"]'), text=ALL), ("spool@core-2",)),
    ],
    ids=["same", "renamed", "another", "by a header", "one of them", "another host"],
)
def test_what_a_host_had_yet_to_get_is_told(
    planner: Planner, new: str, channels: tuple[str, ...]
) -> None:
    found = left(planner, ALL, new)
    assert {each for each in found if each[0] in WEB} == {(w, c) for w in WEB for c in channels}


def test_a_link_to_one_that_becomes_one_to_all_leaves_what_it_had(planner: Planner) -> None:
    assert left(planner, FLOW, ALL) == {(web, "spool") for web in WEB}
