"""A comment silences one rule on the next line, and nothing else."""

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
