"""What waits for a host that never comes back is not helped by more room."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.passes.outages import OutageTooLong
from flumec.compiler.proofs.foreseen import Foreseen, as_json, foreseen
from flumec.compiler.proofs.outlook import outlooks

FLEET = """
hosts web = ["web-1"]

hosts core = ["core-1", "core-2"]

agent tailer on web {
  source access : taildir {
    files = ["/var/log/nginx/access.log"]
  }

  channel spool : file {
    size = 1GiB
  }

  access -> spool
}

agent collector on core {
  channel inbox : file {
    size = 40GiB
  }

  sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y"
  }

  inbox -> store
}

tailer.spool => collector.inbox {
  port = 4141
  policy = POLICY
}

check "it lasts" {
  from = tailer.access
  to = collector.store
  rate = 1MB/s
  survives = [SURVIVES]
}
"""
OUTAGE = "outage(collector.store, 4h)"
CUT = "cut(tailer.spool, 4h)"
NEVER = "no `size` is enough for a host that never comes back"
FURTHER = f"a further host of `collector`, that takes over by `policy = failover`: {NEVER}"
REPLACED = f"replace `collector` on core-1 within 17m53s: {NEVER}"
HALF = REPLACED.replace("17m53s", "35m47s")
LARGER = "tailer.spool size = 14GiB"
KEPT = "no loss if nginx keeps 14GB of rotated logs per host"
WAITS = "it waits for a host that is gone for good"


@pytest.mark.parametrize(
    ("policy", "survives", "hint", "condition"),
    [
        ("failover", f"lose(collector, count = 2), {OUTAGE}", FURTHER, WAITS),
        ("balance", f"lose(collector, count = 2), {CUT}", FURTHER, WAITS),
        ("all", f"lose(collector), {OUTAGE}", REPLACED, WAITS),
        ("hash(header.user)", f"lose(collector), {OUTAGE}", HALF, WAITS),
        ("failover", "kill(collector, count = 2, down = 4h)", LARGER, KEPT),
        ("failover", f"lose(collector), {CUT}", LARGER, KEPT),
        ("failover", f"lose(collector), kill(collector, count = 2), {CUT}", LARGER, KEPT),
    ],
)
def test_more_room_is_offered_where_it_helps(
    policy: str, survives: str, hint: str, condition: str
) -> None:
    linted = lint_text(FLEET.replace("POLICY", policy).replace("SURVIVES", survives))

    (found,) = [each for each in linted.diagnostics if isinstance(each, OutageTooLong)]

    assert found.hint == hint
    assert condition in found.notes


def ahead(policy: str, survives: str) -> Foreseen:
    linted = lint_text(FLEET.replace("POLICY", policy).replace("SURVIVES", survives))
    (one,) = foreseen(outlooks(linted.fleet, linted.graph, linted.fleet.proofs))
    return one


@pytest.mark.parametrize(
    ("policy", "survives", "needs"),
    [
        ("all", f"lose(collector), {OUTAGE}", "no size does"),
        ("failover", f"lose(collector, count = 2), {CUT}", "no size does"),
        ("failover", f"lose(collector), {CUT}", "14GiB"),
        ("all", "lose(collector, replaced = 4h)", "14GiB"),
        ("all", "kill(collector, down = 4h)", "14GiB"),
    ],
)
def test_prove_gives_a_size_where_one_would_do(policy: str, survives: str, needs: str) -> None:
    one = ahead(policy, survives)

    assert [cells[4] for cells in one.cells] == [needs, ""]
    (channel,) = as_json(one)["channels"]
    assert (channel["needs"] is None) == (needs == "no size does")


def test_a_time_bounds_what_waits_for_the_lost_ones_that_say_it() -> None:
    """Of two that are lost one is waited for until it is replaced, the other one for good."""
    both = "lose(collector, replaced = 4h), lose(collector)"
    assert next(iter(ahead("all", both).cells))[4] == "no size does"
