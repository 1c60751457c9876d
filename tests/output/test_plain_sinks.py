"""logger and null take every event once, and say so."""

import logging

import pytest
from flumec.runtime.component import Size
from flumec.runtime.sinks import Logger, Null

from .conftest import Channel, Start


def test_null_takes_everything(channel: Channel, place: Start) -> None:
    channel.bodies(b"one", b"two")
    channel.bodies(b"three")
    here = place()
    here.until = lambda: here.idling

    Null("nowhere").run(here)

    assert (channel.cursor.low, channel.delivered) == (3, 3)


def test_logger_shows_headers_and_the_beginning_of_the_body(
    channel: Channel, place: Start, caplog: pytest.LogCaptureFixture
) -> None:
    channel.bodies(b"one\nline", "zwölf".encode(), b"\xff\x00", host=["a", None, None])
    channel.bodies(b"x" * 30)
    channel.bodies("\x9b31m\u2028\x7f".encode())
    here = place()
    here.until = lambda: here.idling

    with caplog.at_level(logging.INFO):
        Logger("show", max_bytes=Size("20B")).run(here)

    assert [record.getMessage() for record in caplog.records] == [
        r'event 0: {"host": "a"} "one\nline"',
        'event 1: {} "zwölf"',
        r'event 2: {} "\\xff\u0000"',
        'event 3: {} "xxxxxxxxxxxxxxxxxxxx"… (30 bytes)',
        r'event 4: {} "\u009b31m\u2028\u007f"',
    ]
    assert (channel.cursor.low, channel.delivered) == (5, 5)


def test_what_was_shown_is_not_shown_again_after_a_stop(
    channel: Channel, place: Start, caplog: pytest.LogCaptureFixture
) -> None:
    for text in (b"one", b"two"):
        channel.bodies(text)
        here = place()
        here.until = lambda here=here: here.idling
        with caplog.at_level(logging.INFO):
            Logger("show").run(here)

    assert [record.getMessage()[-5:] for record in caplog.records] == ['"one"', '"two"']
