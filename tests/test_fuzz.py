"""No text makes the compiler fail or dawdle: examples, changed at random, are read and linted.

`FLUMEC_FUZZ=20000 pytest -m slow tests/test_fuzz.py` tries as many.
"""

import os
import time
from pathlib import Path

import pytest
from flumec.compiler.build import lint
from flumec.compiler.format import format_text
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.parse import parse
from flumec.compiler.parse_tokens import scan
from flumec.compiler.render import as_json, as_text
from flumec.compiler.source import Source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
FLOWS = sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/flows/*.flow")])
TEXTS = [path.read_text() for path in FLOWS]
TOKENS = [[text[t.start : t.end] for t in scan(Source("", text))] for text in TEXTS]
WORDS = sorted({word for tokens in TOKENS for word in tokens} | set("{}[]()"))
INVENTORY = "[web]\nweb-1 log_dir=/var/log\nweb-2\n"
SECONDS = 20
"""Far more than the few milliseconds that one input takes, on however busy a machine."""

FAST = settings(max_examples=60, suppress_health_check=list(HealthCheck))
SLOW = settings(
    max_examples=int(os.environ.get("FLUMEC_FUZZ", "20000")),
    suppress_health_check=list(HealthCheck),
)


@st.composite
def by_character(draw: st.DrawFn) -> str:
    """Change an example in a few places: take away, put in, copy from elsewhere."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 30))
        other = draw(st.integers(0, len(text)))
        new = draw(st.one_of(st.text(max_size=5), st.just(text[other : other + gone])))
        text = text[:at] + new + text[at + gone :]
    return text


@st.composite
def by_token(draw: st.DrawFn) -> str:
    """Change an example's tokens: leave out, double, swap, take another one's."""
    words = list(draw(st.sampled_from(TOKENS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.integers(0, len(words) - 1))
        change = draw(st.sampled_from(["drop", "double", "swap", "replace"]))
        if change == "drop":
            words[at] = ""
        elif change == "double":
            words[at] *= 2
        elif change == "swap":
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = draw(st.sampled_from(WORDS))
    return " ".join(words) if draw(st.booleans()) else "".join(words)


INPUTS = st.one_of(by_character(), by_token())


def through_the_front(text: str) -> None:
    """Parse and format a text; what is said about it can be shown, and its places are in it."""
    started = time.process_time()
    source = Source("main.flow", text)
    file, found = parse(source)
    formatted, refused = format_text(source)
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert as_text(finding).startswith(f"{finding.severity}[{finding.code}]: ")
    assert as_json(found)
    if formatted is None:
        assert any(finding.severity == "error" for finding in refused)
    else:
        again, _ = parse(Source("main.flow", formatted))
        assert [type(item) for item in again.items] == [type(item) for item in file.items]
        assert format_text(Source("main.flow", formatted))[0] == formatted
    assert time.process_time() - started < SECONDS


def through_the_compiler(text: str) -> None:
    """Lint a text; everything said can be shown."""
    started = time.process_time()
    reader = in_memory({"main.flow": text, "hosts.ini": INVENTORY})
    for finding in lint([Path("main.flow")], Options(), reader).diagnostics:
        assert as_text(finding)
    assert time.process_time() - started < SECONDS


@FAST
@given(INPUTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    through_the_front(text)


@FAST
@given(INPUTS)
def test_any_text_can_be_linted(text: str) -> None:
    through_the_compiler(text)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(INPUTS)
def test_very_many_texts_are_read_and_linted(text: str) -> None:
    through_the_front(text)
    through_the_compiler(text)


@FAST
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    parse(Source.read("main.flow", content))
