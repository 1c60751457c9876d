"""The page of every rule is true: its first example earns exactly its code, its second is clean.

An example is a fence ```flow, or several with the names of their files: ```flow main.flow and
```ini hosts.ini. `escaped` stands before the name where a file has what a page cannot show.
"""

import re

import pytest
from flumec.compiler.explain import every_rule, examples, title
from flumec.compiler.gallery import about

RULES = every_rule()
SENTENCE = re.compile(r"[A-Z\"`].*\.")


def said(section: dict[str, str]) -> list[tuple[str, str]]:
    """Return the code and message of all that is said about a section's files."""
    return [(one.code, one.message) for one in about(section)]


@pytest.mark.parametrize("code", list(RULES))
def test_the_example_earns_its_code(code: str) -> None:
    found = said(examples(RULES[code])[0])

    assert [one for one, _ in found] == [code], found


@pytest.mark.parametrize("code", list(RULES))
def test_what_to_write_instead_is_clean(code: str) -> None:
    assert said(examples(RULES[code])[1]) == []


def test_the_titles_are_sentences() -> None:
    titles = {code: title(rule) for code, rule in RULES.items()}

    assert {code: said for code, said in titles.items() if not SENTENCE.fullmatch(said)} == {}


def test_there_are_many_rules() -> None:
    assert len(RULES) >= 40
