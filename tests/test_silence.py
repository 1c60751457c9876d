"""A comment silences rules on the next line, and nothing else."""

import pytest
from flumec.compiler.build import lint_text

FLOW = """\
hosts web = ["web-1"]

agent a on web {
  source numbers : seq

%s
  channel Spool : memory

  sink Out : null

  numbers -> Spool
  Spool -> Out
}
"""


def codes(comments: str) -> list[tuple[str, int]]:
    found = lint_text(FLOW % comments).diagnostics
    return [(each.code, each.span.line) for each in found]


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ("", [("FL902", 7), ("FL902", 9)]),
        ("  # flumec: ignore[FL902] dashboards know it", [("FL902", 9)]),
        ("# flumec: ignore [FL902] dashboards know it", [("FL902", 9)]),
        ("  # flumec: ignore[FL902]", [("FL906", 6), ("FL902", 9)]),
        ("  # flumec: ignore[FL201] an error", [("FL907", 6), ("FL902", 7), ("FL902", 9)]),
        ("  # flumec: ignore[name-style] by its name", [("FL902", 9)]),
        ("  # flumec: ignore[FL904,FL902] of two", [("FL908", 6), ("FL902", 9)]),
        ("  # flumec: ignore[ FL902 , two-copies ] of two", [("FL908", 6), ("FL902", 9)]),
        ("  # flumec: ignore[FL902, FL904]", [("FL906", 6), ("FL908", 6), ("FL902", 9)]),
        ("  # flumec: ignore[FL902, FL999] one is none", [("FL907", 6), ("FL902", 9)]),
        (
            "  # flumec: ignore[FL902, missing-property] an error",
            [("FL907", 6), ("FL902", 9)],
        ),
        ("  # flumec: ignore[] why", [("FL907", 6), ("FL902", 7), ("FL902", 9)]),
        ("  # flumec: ignore why", [("FL907", 6), ("FL902", 7), ("FL902", 9)]),
        (
            "  # flumec: ignore[FL902] too far above\n",
            [("FL908", 6), ("FL902", 8), ("FL902", 10)],
        ),
        (
            "  # flumec: ignore[FL904] one of two\n  # flumec: ignore[FL902] and the other",
            [("FL908", 6), ("FL902", 10)],
        ),
        ("  # as in flumec: ignore[FL902] it says", [("FL902", 7), ("FL902", 9)]),
    ],
)
def test_what_is_said_beside_a_comment(comments: str, expected: list[tuple[str, int]]) -> None:
    assert codes(comments) == expected


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ("# flumec: ignore[FL902] dashboards know it", [("FL902", 9)]),
        ("# flumec: ignore[FL902]", [("FL906", 7), ("FL902", 9)]),
        ("# flumec: ignore[FL904] of two copies", [("FL902", 7), ("FL908", 7), ("FL902", 9)]),
        ('{ # flumec: ignore[FL902] for good\n    policy = "a \\" # flumec: ignore[FL9] b"\n  }',
         [("FL201", 8), ("FL902", 11)]),
    ],
)  # fmt: skip
def test_a_comment_behind_something_is_about_that_line(
    behind: str, expected: list[tuple[str, int]]
) -> None:
    text = (FLOW % "").replace("memory", f"memory  {behind}")

    assert [(each.code, each.span.line) for each in lint_text(text).diagnostics] == expected


def test_a_comment_above_a_line_and_one_behind_it_are_both_about_it() -> None:
    text = FLOW % "  # flumec: ignore[FL904] of two copies"
    text = text.replace("memory", "memory  # flumec: ignore[FL902] dashboards know it")

    found = [(each.code, each.span.line) for each in lint_text(text).diagnostics]

    assert found == [("FL908", 6), ("FL902", 9)]


def test_what_does_nothing_behind_a_line_is_taken_out_and_the_line_stays() -> None:
    text = (FLOW % "").replace("memory", "memory \t # flumec: ignore[FL904] of two copies\r")
    (useless,) = (each for each in lint_text(text).diagnostics if each.code == "FL908")

    assert useless.fix is not None
    (edit,) = useless.fix.edits
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == (FLOW % "").replace(
        "memory", "memory\r"
    )


@pytest.mark.parametrize(
    ("comment", "marked"),
    [
        ("# flumec: ignore[FL904] why", "FL904"),
        ("# flumec: ignore[FL902, two-copies] why", "two-copies"),
        ("# flumec: ignore[FL902, FL 1] why", "FL 1"),
        ("# flumec: ignore[] why", "# flumec: ignore[] why"),
    ],
)
def test_the_very_word_is_marked(comment: str, marked: str) -> None:
    first, *_ = lint_text(FLOW % comment).diagnostics

    assert first.span.source.text[first.span.start : first.span.end] == marked


@pytest.mark.parametrize("silenced", ["missing-property", "FL003", "FL2", "", "name-stile"])
def test_what_cannot_be_silenced_says_why(silenced: str) -> None:
    first, *_ = lint_text(FLOW % f"# flumec: ignore[{silenced}] why").diagnostics

    said = f"{first.message}; {first.hint}"
    assert (
        said
        == {
            "missing-property": "`missing-property` is an error, which cannot be ignored; "
            "warnings and notes can be; take the comment out",
            "FL003": "`FL003` is an error, which cannot be ignored; "
            "warnings and notes can be; take the comment out",
            "FL2": "`FL2` is no rule; `flumec explain` lists all rules",
            "": "no rule is named that is to be ignored; "
            "name it in brackets: `# flumec: ignore[FL901] because …`",
            "name-stile": "`name-stile` is no rule; did you mean `name-style`?",
        }[silenced]
    )


def test_ten_thousand_comments_cost_no_more_than_their_lines() -> None:
    found = codes("\n".join(["  # flumec: ignore[FL902] why"] * 10_000))

    assert found == [("FL902", 10_008)]


def test_ten_thousand_words_in_one_comment_are_looked_up_once_each() -> None:
    words = ", ".join(f"x{number}" for number in range(10_000))

    found = codes(f"  # flumec: ignore[{words}] why")

    assert len(found) == 10_002
