"""docs/hdfs.md says what happens when HDFS can't: each line is a message of ours, and a test."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "hdfs.md").read_text().partition("## What happens when HDFS")[2]
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| .+? \| `(test_\w+)` \|$", PAGE, re.MULTILINE)
TESTS = "".join(path.read_text() for path in (ROOT / "tests" / "hdfs").glob("test_*.py"))
OUTPUT = ROOT / "runtime" / "output"
SAID = "".join(path.read_text() for path in (*OUTPUT.glob("webhdfs*.py"), OUTPUT / "holding.py"))


def test_every_line_is_a_test() -> None:
    assert len(ROWS) == PAGE.count("| `test_")
    assert [name for _, _, name in ROWS if f"def {name}(" not in TESTS] == []


def test_every_message_is_one_of_ours() -> None:
    assert [said for _, said, _ in ROWS if said != "nothing" and said not in SAID] == []
