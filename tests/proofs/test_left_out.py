"""What a filter or a route leaves out of one copy is lost with the other one."""

import pytest
from flumec.compiler.build import compile_text, lint_text
from flumec.compiler.plan import Plan
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

HOUR = 3600.0

COPIED = """hosts here = ["here-1"]

hosts left = ["left-1"]

hosts right = ["right-1"]

hosts there = ["there-1"]

agent a on here {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
  }

  channel x : file

  channel y : file

CHAINS
}

agent b on left {
  source feed : link

  channel inbox : file

  feed -> LEFT inbox
}

agent c on right {
  source feed : link

  channel inbox : KIND

  feed -> RIGHT inbox
}

agent d on there {
  source feed : link

  channel held : file

  sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y"
  }

  feed -> THERE held
  held -> store
}

a.x => b.feed {
  port = 4141
}

a.y => c.feed {
  port = 4141
}

b.inbox => d.feed {
  port = 4142
}

c.inbox => d.feed {
  port = 4142
}

check "it survives" {
  from = a.in
  to = d.store
  survives = [FAULTS]
}
"""

BOTH = "  in -> x, y"
FILTER = 'regex_filter("x") ->'


def copied(
    chains: str = BOTH, left: str = "", right: str = "", there: str = "", *,
    faults: str = "kill(c)", kind: str = "memory",
) -> str:  # fmt: skip
    text = COPIED.replace("CHAINS", chains).replace("LEFT ", f"{left} ".lstrip())
    text = text.replace("RIGHT ", f"{right} ".lstrip()).replace("THERE ", f"{there} ".lstrip())
    return text.replace("FAULTS", faults).replace("KIND", kind)


def broken(text: str) -> list[str]:
    """Return what is said of the check, each finding by its code."""
    found = [one for one in lint_text(text).diagnostics if one.severity == "error"]
    return [f"{one.code} {one.label} {' '.join(one.notes)}" for one in found]


@pytest.mark.parametrize(
    "text",
    [
        copied(f"  in -> {FILTER} x\n  in -> y"),
        copied('  in -> route header.k {\n    "a" -> x\n    else -> drop\n  }\n  in -> y'),
        copied(left=FILTER),
        copied(left=FILTER, right='regex_filter("x", exclude = true) ->'),
        copied("  in -> x?\n  in -> y"),
    ],
    ids=["filter", "route", "filter further on", "two filters", "optional"],
)
def test_a_copy_that_leaves_some_out_makes_up_for_none(text: str) -> None:
    (said,) = broken(text)

    assert said.startswith("FL610 `c.inbox` loses events")


@pytest.mark.parametrize(
    "text",
    [
        copied(),
        copied(f"  in -> {FILTER} x, y"),
        copied("  in -> x\n  in -> y?"),
        copied(right=FILTER),
        copied(there=FILTER),
        copied("  in -> x\n  in -> " + FILTER + " y", right=FILTER, there=FILTER),
        copied('  in -> route header.k {\n    "a" -> x\n    else -> x\n  }\n  in -> y'),
    ],
    ids=["all", "filter before", "optional", "lost one", "filter behind", "more", "whole route"],
)
def test_a_copy_that_has_all_that_the_other_one_has_makes_up_for_it(text: str) -> None:
    assert broken(text) == []


@pytest.mark.parametrize(
    ("faults", "kind"),
    [("lose(b), lose(c)", "file"), ("lose(b), kill(c)", "memory"), ("kill(c), lose(b)", "memory")],
)
def test_faults_of_one_list_happen_together(faults: str, kind: str) -> None:
    (said,) = broken(copied(faults=faults, kind=kind))

    assert "alone it is survived; it comes together with `" in said
    for fault in faults.split(", "):
        assert broken(copied(faults=fault, kind=kind)) == []


def test_faults_that_together_take_too_few_are_survived() -> None:
    assert broken(copied(faults="kill(b), lose(c)", kind="file")) == []


def planned(text: str) -> Plan:
    plan = compile_text(text.partition("check")[0]).plan
    assert plan is not None
    return plan


def came(world: World) -> set[str]:
    return {event.text for event in world.delivered("d", "store")}


@pytest.mark.slow
def test_a_relay_that_is_killed_takes_what_the_other_one_was_not_sent() -> None:
    with World(planned(copied(f"  in -> {FILTER} x\n  in -> y"))) as world:
        world.cut("c", "inbox")
        world.send("a", "in", [Event(b"0 x"), Event(b"1 y")])
        world.advance(2)
        world.kill("c")
        world.heal("c", "inbox")
        assert world.rest(HOUR)

        assert came(world) == {"0 x"}


@pytest.mark.slow
def test_two_relays_that_are_lost_take_both_copies() -> None:
    with World(planned(copied(kind="file"))) as world:
        for relay in ("b", "c"):
            world.cut(relay, "inbox")
        world.send("a", "in", [Event(b"0")])
        world.advance(2)
        world.cut_power("left-1", down=None)
        world.kill("c", down=None)
        for relay in ("b", "c"):
            world.heal(relay, "inbox")
        world.advance(60)

        assert came(world) == set()
        assert sum(world.holds("a", channel) for channel in ("x", "y")) == 0
