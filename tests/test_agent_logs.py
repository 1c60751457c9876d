"""A log line is one line with level and component, and repeats do not flood."""

import logging
from pathlib import Path

import pytest
from flumec.runtime import logs
from flumec.runtime.errors import StartError
from flumec.runtime.origin import origin


class StoppedClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def record(message: str, *values: object, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("flumec.agent.access", level, "", 0, message, values, None)


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    line = logs.OneLine(priority=False).format(record("a %s", "b\nc\rd"))
    assert line == "WARNING access a b\\nc\\rd"
    assert logs.OneLine(priority=True).format(record("x")) == "<4>WARNING access x"


@pytest.mark.parametrize("character", "\x00\x1b\x7f\x9b\u2028\u202e\ud800")
def test_nothing_in_a_record_speaks_to_a_terminal(character: str) -> None:
    line = logs.OneLine(priority=False).format(record("a\t%s", f"é{character}[2J"))
    assert line == f"WARNING access a\té{character.encode('unicode_escape').decode()}[2J"


def test_repeats_are_counted_and_told_after_the_pause() -> None:
    clock = StoppedClock()
    repeats = logs.Repeats(clock, burst=3, window=10.0)  # type: ignore[arg-type]
    records = [record("cannot reach %s", f"server {n}") for n in range(7)]
    passed = [each.getMessage() for each in records if repeats.filter(each)]
    assert passed == [
        "cannot reach server 0",
        "cannot reach server 1",
        "cannot reach server 2 (more like it are counted, for 10s)",
    ]
    clock.now = 11.0
    late = record("cannot reach %s", "server 9")
    assert repeats.filter(late)
    assert late.getMessage() == "cannot reach server 9 (4 like it were left out)"


def test_other_messages_components_and_levels_are_not_repeats() -> None:
    clock = StoppedClock()
    repeats = logs.Repeats(clock, burst=1, window=10.0)  # type: ignore[arg-type]
    assert repeats.filter(record("a"))
    assert not repeats.filter(record("a"))
    assert repeats.filter(record("b"))
    assert repeats.filter(record("a", level=logging.ERROR))


def test_an_expected_error_is_its_sentence_and_another_is_named() -> None:
    assert logs.reason(StartError("do this")) == "do this"
    assert logs.reason(ValueError("bad")) == "ValueError: bad"
    assert logs.reason(ValueError()) == "ValueError"
    assert logs.reason(PermissionError(13, "Permission denied", "/x")) == "/x: Permission denied"


@pytest.mark.parametrize(
    ("name", "found"), [("access", "web.flow:12"), ("spool", "web.flow:16"), ("other", None)]
)
def test_the_script_says_where_a_component_comes_from(
    tmp_path: Path, name: str, found: str | None
) -> None:
    script = tmp_path / "tailer.py"
    script.write_text(
        '# see web.flow:1\nimport os\n\n# see web.flow:12\naccess = Taildir(\n    "access",\n)\n\n'
        '# Kept for years.\n# see web.flow:16\nspool = File("spool")\nother = File("other")\n'
    )
    assert origin(script, name) == found
    assert origin(None, name) is None
