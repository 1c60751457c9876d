"""A link may choose by any header that is the same on all copies, also by one that is no key."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.alike import Likeness, likeness
from flumec.compiler.proofs.way import ways_of

FLEET = """
hosts edge_hosts = [{hosts}]
hosts relay_hosts = ["r1"]

agent edge on edge_hosts {{
  source in : {source}
  channel one : file
  channel two : file

  in -> {first} one
{second}}}

agent relay on relay_hosts {{
  channel inbox : file
  sink out : file_roll {{
    directory = "/srv/out"
  }}

  inbox -> out
}}

edge.one => relay.inbox {{
  port = 4200
}}
edge.two => relay.inbox {{
  port = 4201
}}
"""

SOURCES = {
    "read": 'taildir {\n    files = ["/var/log/a.log"]\n    path_header = header.path\n  }',
    "given": "http {\n    port = 4100\n  }",
}


def alike(
    step: str, other: str | None = None, *, source: str = "read", hosts: str = '"e1"', key: str = ""
) -> bool | None:
    """Return whether copies have one value of `header.x` where both channels are emptied into; None
    if only where they came with one.
    """
    both = "" if other is None else f"  in -> {other}two\n"
    text = FLEET.format(
        source=SOURCES[source], hosts=hosts, first=f"{step}{'two,' if other is None else ''}",
        second=both,
    )  # fmt: skip
    result = lint_text(text)
    assert result.fleet is not None
    assert not [each.message for each in result.diagnostics if each.severity == "error"]
    ways = Graph(result.fleet).derived(ways_of)
    found = likeness(ways, ("relay", "inbox"), "x", frozenset([key] if key else []))
    return None if found.if_it_came_so else found.alike


KEPT = 'static(header.x, "1") -> '
STATIC, OTHER = (f'static(header.x, "{value}", preserve = false) -> ' for value in "12")
HOST, CLOCK = "host(header = header.x) -> ", "timestamp(header = header.x) -> "
DIGIT = 'regex_extract("([0-9])$", into = [header.x]) -> '


@pytest.mark.parametrize("step", [STATIC, HOST, DIGIT, KEPT, ""])
def test_what_is_made_of_the_file_the_body_or_the_host_that_it_is_read_on(step: str) -> None:
    assert alike(step)


def test_the_clock_is_another_one_each_time() -> None:
    assert not alike(CLOCK)
    assert alike(f"{CLOCK}{STATIC}")
    assert not alike(f"{CLOCK}{KEPT}")


def test_a_client_may_come_to_another_host_and_another_client_with_another_header() -> None:
    two = '"e1", "e2"'

    assert alike(STATIC, source="given", hosts=two)
    assert not alike(HOST, source="given", hosts=two)
    assert alike(KEPT, source="given") is None
    assert alike("", source="given") is None
    assert alike(KEPT, HOST, source="given") is False
    assert alike(HOST, source="given")
    assert alike(HOST, source="read", hosts=two)


@pytest.mark.parametrize("of", ["header.x, body", "body"])
def test_copies_have_what_their_key_is_made_of(of: str) -> None:
    made = f"{KEPT}fingerprint(header.id, of = [{of}]) -> "
    anew = "fingerprint(header.id, of = [body]) -> "

    assert alike(made, source="given", key="id") is (True if "x" in of else None)
    assert alike(made, source="given") is None
    assert alike(f"{made}{anew}", source="given", key="id") is None
    assert alike(f"{made}{CLOCK}", source="given", key="id") is False
    assert alike("", source="given", key="x")


def test_what_is_made_of_the_key_is_the_same_on_copies_of_one_key() -> None:
    made = "fingerprint(header.x, of = [{}]) -> "
    of_key, beside = made.format("header.id"), made.format("header.id, header.other")

    assert alike(of_key, source="given", key="id")
    assert alike(of_key, of_key, source="given", key="id")
    assert not alike(of_key, source="given")
    assert not alike(beside, source="given", key="id")
    assert not alike(f"{of_key}fingerprint(header.id, of = [body]) -> ", source="given", key="id")


def test_by_two_ways_one_step_has_to_make_it() -> None:
    assert alike(STATIC, STATIC)
    assert not alike(STATIC, OTHER)
    assert not alike(STATIC, KEPT)
    assert not alike(STATIC, "")
    assert not alike(DIGIT, DIGIT)


def test_the_path_of_a_file_is_another_one_when_it_was_rotated() -> None:
    text = FLEET.format(source=SOURCES["read"], hosts='"e1"', first="two,", second="")
    fleet = lint_text(text).fleet

    assert fleet is not None
    ways = Graph(fleet).derived(ways_of)
    assert likeness(ways, ("relay", "inbox"), "path", frozenset()) == Likeness(alike=False)
