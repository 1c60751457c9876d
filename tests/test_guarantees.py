"""The page of promises: each with its start, failures and assumptions, and a test that is there."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guarantees.md").read_text()
CLAIMS = re.findall(r"^### (.+?)\n\n(.+?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


@cache
def defined(path: str) -> list[str]:
    """Return the tests of a file; none where there is no such file."""
    file = ROOT / path
    return (
        re.findall(r"^ *def (test_\w+)\(", file.read_text(), re.MULTILINE) if file.exists() else []
    )


def test_each_test_that_is_named_exists() -> None:
    named = [name.partition("::") for name in NAMED]
    assert len(named) > 100
    assert [
        f"{path}::{function}"
        for path, _, function in named
        if (function not in defined(path) if function else not defined(path))
    ] == []


@pytest.mark.parametrize(("title", "text"), CLAIMS, ids=[title for title, _ in CLAIMS])
def test_a_claim_says_from_where_through_what_and_assuming_what(title: str, text: str) -> None:
    parts = re.findall(r"^- \*\*([\w ]+)\*\*: (?=\S)", text, re.MULTILINE)
    assert parts == ["From", "Through", "Assuming", "Shown by"]
    assert re.search(r"\*\*Shown by\*\*: `tests/", text)


def test_each_row_of_a_table_names_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    heads = [line for line in rows if line.startswith(("| what | ", "| what is ", "| their hole"))]
    assert len(rows) > 30
    assert [row for row in rows if row not in heads and "`tests/" not in row] == []


def test_the_number_of_fault_points_is_true() -> None:
    from faults.fleets import POINTS

    assert f"at {len(POINTS)} named steps" in " ".join(PAGE.split())
    assert f"at {len(POINTS)} steps" in (ROOT / "Makefile").read_text()


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
