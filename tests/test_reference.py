"""The reference is made from the declarations, says everything they say, and is fresh.

So are the pages of all rules; `pytest --update` makes all of them anew.
"""

import keyword
from pathlib import Path

import flumec.runtime
import pytest
from flumec.compiler.emit.words import RESERVED
from flumec.compiler.explain import every_rule
from flumec.compiler.gallery import gallery, table
from flumec.compiler.reference import contents, declarations, pages, reference
from flumec.runtime.components import ALL, INTERCEPTORS

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"components.md": reference, "rules.md": table, "gallery.md": gallery}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_fresh(name: str, request: pytest.FixtureRequest) -> None:
    page, text = DOCS / name, PAGES[name]()
    if request.config.getoption("--update"):
        page.write_text(text, "utf-8")

    assert page.read_text("utf-8") == text, "pytest --update tests/test_reference.py"


def test_every_component_is_there_with_all_that_it_declares() -> None:
    assert len(pages()) == len(ALL) + len(INTERCEPTORS) + 1
    for name, cls in declarations().items():
        (page,) = pages(name).values()
        assert f"`{name.partition(' ')[2]}`" in page
        assert name.split()[1] in contents()
        for declared in cls.props.values():
            assert f"| `{declared.name}`" in page
            assert declared.doc.replace("|", "\\|") in page
            if declared.check is not None:
                assert declared.check.sentence in page


def test_types_are_the_languages_own() -> None:
    text = reference()
    assert "flumec." not in text.replace("`flumec", "")
    for wrong in ("<class", "None", "typing", "NoneType", "tuple", "MISSING"):
        assert wrong not in text, wrong


def test_a_name_of_two_kinds_gives_both_pages() -> None:
    assert list(pages("file_roll")) == ["sink file_roll"]
    assert list(pages("sink file_roll")) == ["sink file_roll"]
    assert pages("nothing") == {}


def test_no_two_classes_that_a_script_imports_share_a_name() -> None:
    names = [cls.__name__ for cls in (*ALL, *INTERCEPTORS)] + list(flumec.runtime.__all__)
    names += ["Path", "ArrowSender", "ArrowReceiver", "Peer"]
    assert len(names) == len(set(names))
    assert not set(names) & (set(keyword.kwlist) | RESERVED)


def test_every_rule_is_on_both_pages() -> None:
    for code, rule in every_rule().items():
        assert f"| {code} | `{rule.slug()}` |" in (DOCS / "rules.md").read_text("utf-8")
        assert f"### {code} {rule.slug()}\n" in (DOCS / "gallery.md").read_text("utf-8")


def test_every_message_names_its_place_and_marks_a_part_of_a_line() -> None:
    for shown in (DOCS / "gallery.md").read_text("utf-8").split("\n### ")[1:]:
        code = shown[:5]
        lines = shown.partition("```\n")[2].splitlines()
        assert any(line.lstrip().startswith("--> ") for line in lines), code
        assert any("^" in line for line in lines), code
