"""The page of every rule is true: its first example earns exactly its code, its second is clean.

An example is a fence ```flow, or several with the names of their files: ```flow main.flow and
```ini hosts.ini. `escaped` stands before the name where a file has what a page cannot show.
"""

import re

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.explain import every_rule, page, title

FENCE = re.compile(r"```(flow|ini|yaml|flowvars)((?: [\w./-]+)*)\n(.*?)```", re.DOTALL)
RULES = every_rule()


def files(section: str) -> dict[str, str]:
    """Return the files of a section by name, the main one first."""
    found: dict[str, str] = {}
    for kind, words, text in FENCE.findall(section):
        *flags, name = words.split() or [f"main.{kind}"]
        if name == "escaped":
            flags, name = [name], f"main.{kind}"
        found[name] = text.encode().decode("unicode_escape") if "escaped" in flags else text
    return found


def sections(code: str) -> tuple[str, str]:
    """Return the text of `## Example` and of `## Instead`."""
    _, _, rest = page(RULES[code]).partition("\n## Example\n")
    example, _, instead = rest.partition("\n## Instead\n")
    return example, instead


def said(section: str) -> list[tuple[str, str]]:
    """Return the code and message of all that is said about a section's files."""
    (name, text), *others = files(section).items()
    return [(one.code, one.message) for one in lint_text(text, name, dict(others)).diagnostics]


@pytest.mark.parametrize("code", list(RULES))
def test_the_example_earns_its_code(code: str) -> None:
    found = said(sections(code)[0])

    assert [one for one, _ in found] == [code], found


@pytest.mark.parametrize("code", list(RULES))
def test_what_to_write_instead_is_clean(code: str) -> None:
    assert said(sections(code)[1]) == []


@pytest.mark.parametrize("code", list(RULES))
def test_the_title_is_a_sentence(code: str) -> None:
    assert re.fullmatch(r"[A-Z\"`].*\.", title(RULES[code]))


def test_there_are_many_rules() -> None:
    assert len(RULES) >= 40
