"""What is offered where a header is missing must not be worse than that it is missing."""

import pytest
from flumec.compiler.build import lint_text

FLEET = """
hosts web = ["web-1"]

agent a on web {{
  source access : taildir {{
    files = ["/var/log/access.log"]
  }}

  channel spool : file {{
    size = 64GiB
  }}

  sink files : file_roll {{
    directory = "/srv/logs"
    format = json
    {sink}
  }}

  access -> {steps}spool
  spool -> files
}}
"""

KEYED = """
    dedup {{
      key = header.{name}
      late = drop
    }}
"""
FOUND = r'regex_extract(r"id=(\w+)", into = [header.id]) -> '


def found(sink: str, steps: str = "") -> dict[str, str | None]:
    """Return what is said of headers, with what is offered."""
    text = FLEET.format(sink=sink, steps=steps)
    return {each.code: each.hint for each in lint_text(text).diagnostics if each.code[:3] == "FL4"}


def test_many_events_with_one_key_are_not_offered() -> None:
    (hint,) = found(KEYED.format(name="id"), FOUND).values()

    assert hint is not None
    assert "`fingerprint(header.id, of = […], preserve = true)`" in hint


def test_what_is_offered_is_enough() -> None:
    named = "fingerprint(header.id, of = [body], preserve = true) -> "

    assert found(KEYED.format(name="id"), FOUND + named) == {}


def test_a_key_that_nothing_sets_is_made_of_content() -> None:
    hint = found(KEYED.format(name="key"))["FL401"]

    assert hint is not None
    assert "`fingerprint(header.key, of = […])`" in hint


@pytest.mark.parametrize("name", ["host", "timestamp"])
def test_the_step_that_sets_it_is_named(name: str) -> None:
    hint = found(f'path = "%{{{name}}}"')["FL401"]

    assert hint == f"set it before: `{name}()`, or another step"


def test_a_folder_may_be_one_for_all_the_others() -> None:
    hint = found('path = "%{id}"', FOUND)["FL402"]

    assert hint is not None
    assert '`static(header.id, "none")`' in hint
