"""Statements of a test at their edges: what cannot be done is said, and nothing holds by chance."""

import time

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.trials.running import Runs

FLOW = """\
hosts web = ["web-1", "web-2"]

agent tailer on web {
  source lines : taildir {
    files = ["/var/log/app/*.log"]
    rotated = ["/var/log/app/*.log.[0-9]"]
  }

  channel spool : file

  sink out : file_roll {
    directory = "/srv/a"

    roll {
      every = 10s
    }
  }

  lines -> spool
  spool -> out
}
"""


def said(*statements: str, fleet: str = FLOW) -> Diagnostic | None:
    """Run one test; return what it has to say."""
    block = "\n".join(["", 'test "it" {', *(f"  {one}" for one in statements), "}", ""])
    compiled = compile_text(fleet + block)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    outcome = Runs(compiled.fleet, compiled.plan, compiled.fleet.trials, 0).one(0)
    assert not outcome.failure, outcome.failure
    return outcome.finding


LONG = "x" * 200


def test_events_that_differ_only_behind_what_is_shown_are_no_copies() -> None:
    two = [f'send(tailer.lines, body = "{LONG}{end}")' for end in "ab"]

    assert said(*two, "expect(tailer.out, unique = true)") is None
    finding = said(*two, two[0], "expect(tailer.out, unique = true)")

    assert finding is not None
    assert finding.label == "1 copy"
    assert [note[:11] for note in finding.notes if note[0] == "+"] == ['+ 2 times "']


def test_the_order_of_one_host_says_nothing_of_what_another_was_sent_alike() -> None:
    first = [f'send(tailer.lines, body = "{body}")' for body in "ab"]
    second = [f'send(tailer.lines, body = "{body}", host = "web-2")' for body in "ab"]

    assert said(*first, "advance(1m)", *second, "expect(tailer.out, order = source)") is None


@pytest.mark.parametrize("what", ["unique = true", "order = source", 'host = "web-2"'])
def test_what_holds_of_no_events_at_all_is_not_what_is_expected(what: str) -> None:
    finding = said(f"expect(tailer.out, {what})")

    assert finding is not None
    assert finding.label == "nothing came"
    assert said(f"expect(tailer.out, count = 0, {what})") is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("rotate(tailer.lines)", "nothing has written `/var/log/app/test.log` on web-1 yet"),
        ('rotate(tailer.lines, host = "web-2")', "`/var/log/app/test.log` on web-2 yet"),
        ('send(tailer.lines, file = "/var/log/b.log")', "follows no file `/var/log/b.log`"),
        ('send(tailer.lines, file = "app/b.log")', "follows no file `app/b.log`"),
        ('send(tailer.lines, file = "")', "follows no file ``"),
        ('send(tailer.lines, file = "/var/log/app/../../x.log")', "follows no file"),
    ],
    ids=range(6),
)
def test_what_cannot_be_done_is_said_at_its_place(statement: str, why: str) -> None:
    finding = said("advance(1s)", statement)

    assert finding is not None
    assert finding.message == '"it" cannot go on from here'
    assert why in str(finding.label)
    assert finding.span.source.line(finding.span.line).strip() == statement


def test_lines_may_come_to_any_file_that_is_followed() -> None:
    assert said(
        'send(tailer.lines, file = "/var/log/app/b.log")',
        'send(tailer.lines, file = "/var/log/app/b.log.1")',
        "expect(tailer.out, count = 2)",
    ) is None  # fmt: skip


COUNTING = """\
hosts one = ["one-1"]

agent counter on one {
  source numbers : seq

  channel spool : memory

  sink out : null

  numbers -> spool
  spool -> out
}
"""


def test_a_source_without_end_is_refused_instead_of_run_for_ever() -> None:
    ended = COUNTING.replace(": seq", ": seq {\n    total = 3\n  }")

    assert said("expect(counter.out, count = 3)", fleet=ended) is None
    finding = said("expect(counter.out, count = 3)", fleet=COUNTING)

    assert finding is not None
    assert "`counter.numbers` never ends" in str(finding.label)


def test_waiting_for_days_takes_no_time_and_ends_when_it_holds() -> None:
    began = time.perf_counter()
    finding = said("expect(tailer.out, within = 365d)")

    assert finding is not None
    assert finding.notes[-1] == "after 365d by the test's clock; seed 0"
    assert (
        said(
            "outage(tailer.out, 30d)",
            "send(tailer.lines)",
            "expect(tailer.out, count = 1, within = 365d)",
            "send(tailer.lines)",
            "expect(tailer.out, count = 1, within = 0s)",
            "expect(tailer.out, count = 2, within = 1m)",
            "expect(tailer.out, count = 3, within = 1s)",
        )
        .notes[-1]
        .startswith("after 30d")
    )  # type: ignore[union-attr]
    assert time.perf_counter() - began < 20
