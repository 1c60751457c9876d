"""What an agent warns of has a code, a page that says what to do, and values for machines."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flumec.compiler.cli.explain import command as explain
from flumec.compiler.explain import every_rule, messages, page
from flumec.runtime import logs
from flumec.runtime.messages import every_message
from flumec.runtime.messages.agent import CannotWork, Silent
from flumec.runtime.messages.message import Message
from test_agent_process import listening

from .conftest import Start

PAGE = Path(__file__).parent.parent.parent / "docs" / "messages.md"
MESSAGES = every_message()


def record(said: Message) -> logging.LogRecord:
    level = logging.getLevelName(said.level.upper())
    return logging.LogRecord("flumec.agent.out", level, "", 0, said, (), None)


def test_the_page_of_all_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PAGE.write_text(messages(), "utf-8")
    assert PAGE.read_text("utf-8") == messages(), "pytest --update tests/watch"


@pytest.mark.parametrize("code", list(MESSAGES))
def test_a_page_says_what_happened_and_what_to_do(code: str) -> None:
    title, meaning, remedy = re.fullmatch(
        rf"# {code} [a-z-]+ \((?:warning|error)\)\n\n(.+?)\n\n(.+?)\n\n## What to do\n\n(.+)",
        page(MESSAGES[code]), re.DOTALL,
    ).groups()  # type: ignore[union-attr]  # fmt: skip
    assert re.fullmatch(r"[A-Z`].*\.", title)
    assert meaning.rstrip().endswith((".", "`."))
    assert len(remedy) > 10


def test_names_are_of_one_message_or_rule() -> None:
    names = [each.slug() for each in (*MESSAGES.values(), *every_rule().values())]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("asked", ["RT101", "rt101", "cannot-work"])
def test_explain_shows_it(asked: str) -> None:
    shown = CliRunner().invoke(explain, [asked])
    assert shown.output.startswith("# RT101 cannot-work (warning)\n\nA component cannot work")


def test_explain_lists_them_beside_the_rules() -> None:
    shown = CliRunner().invoke(explain, []).output
    assert all(code in shown for code in ("FL203", *MESSAGES))


def test_a_line_ends_in_the_code() -> None:
    line = logs.OneLine(priority=False).format(record(Silent(seconds=31.4)))
    assert line == ("ERROR out has not passed its loop for 31 s: the watchdog is not fed [RT106]")


def test_a_json_line_has_the_values_and_nothing_that_breaks_it() -> None:
    shown = logs.JsonLine(priority=True).format(record(CannotWork(reason="no\n\x1b[2J\u2028é")))
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.startswith("<4>{")
    told: dict[str, Any] = json.loads(shown.removeprefix("<4>"))
    assert told.pop("time") > 0
    assert told == {
        "level": "warning", "component": "out", "code": "RT101",
        "message": "cannot work for now: no\n\x1b[2J\u2028é",
        "values": {"reason": "no\n\x1b[2J\u2028é"},
    }  # fmt: skip


class StoppedClock:
    """A clock that stands still."""

    def monotonic(self) -> float:
        return 0.0


def test_repeats_of_one_code_are_counted_and_keep_it() -> None:
    repeats = logs.Repeats(StoppedClock(), burst=2)  # type: ignore[arg-type]
    records = [record(CannotWork(reason=f"server {n}")) for n in range(5)]
    passed = [each for each in records if repeats.filter(each)]
    shape = logs.OneLine(priority=False)
    assert [shape.format(each) for each in passed] == [
        "WARNING out cannot work for now: server 0 [RT101]",
        "WARNING out cannot work for now: server 1 (more like it are counted, for 10s) [RT101]",
    ]


def test_a_code_is_given_once_and_a_text_shows_what_there_is() -> None:
    with pytest.raises(TypeError, match="RT101 is no free code"):

        class Again(Message, code="RT101", level="error"):
            text = "again"

    with pytest.raises(TypeError, match="shows other values"):

        class Other(Message, code="RT999", level="error"):
            text = "{one}"
            two: str


@pytest.mark.slow
def test_an_agent_logs_json_if_asked(start: Start) -> None:
    agent = start(listening(0), "--log-format", "json", ready=False, CREDENTIALS_DIRECTORY="no")
    assert agent.end() == 1
    *_, last = [json.loads(line) for line in agent.output.splitlines()]
    assert (last["code"], last["component"], last["level"]) == ("RT102", "door", "error")
    assert last["values"]["reason"].startswith("the secret `token` is missing")
