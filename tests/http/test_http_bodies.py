"""Bodies as they come: packed, broken, of very many events; what is no HTTP; all within bounds."""

import gzip
import logging
import random
import zlib

import pytest
from flumec.runtime.component import Size
from flumec.runtime.http.mistakes import MOST_EVENTS
from flumec.runtime.http.unpack import BrokenError, Gzip

from .conftest import Log, Serve

SMALL = b'[{"body": "small"}]'
BROKEN = "the request's body is broken: "


def test_a_byte_order_mark_and_gzip_are_understood(serve: Serve, log: Log) -> None:
    served = serve()
    packed = zlib.compress(b'[{"body": "small"}]', wbits=31)

    assert served.post(b'\xef\xbb\xbf[{"body": "marked"}]')[0] == 200
    assert served.post(packed, Content_Encoding="gzip")[0] == 200
    assert log.bodies == ["marked", "small"]


def test_a_packed_body_may_have_several_members(serve: Serve, log: Log) -> None:
    packed = gzip.compress(SMALL[:7]) + gzip.compress(SMALL[7:])

    assert serve().post(packed, Content_Encoding="X-Gzip")[0] == 200
    assert log.bodies == ["small"]


@pytest.mark.parametrize(
    ("packed", "sentence"),
    [
        (b"no gzip at all", "it is no gzip, or was damaged on the way"),
        (gzip.compress(SMALL, mtime=0)[:-8] + bytes(8), "it is no gzip, or was damaged on the way"),
        (gzip.compress(SMALL, mtime=0)[:-1], "the gzip ends too early"),
        (b"", "the gzip ends too early"),
    ],
)
def test_a_packed_body_that_is_broken_is_told_so_and_nothing_is_logged(
    serve: Serve, log: Log, packed: bytes, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, text, _ = serve().post(packed, Content_Encoding="gzip")

    assert (status, text) == (400, f"{BROKEN}{sentence}\n")
    assert log.rows == []
    assert caplog.records == []


def test_what_unpacks_to_too_much_is_noticed_on_the_way(serve: Serve, log: Log) -> None:
    bomb = gzip.compress(b" " * 10_000_000, 1)

    status, text, _ = serve(max_body=Size("1MiB")).post(bomb, Content_Encoding="gzip")

    assert (status, text) == (413, "the request is larger than 1MiB: send fewer events\n")


def test_unpacking_does_not_depend_on_where_pieces_end() -> None:
    rng = random.Random(3)
    for size in (0, 1, 65_535, 65_536, 65_537, 300_000):
        data = bytes(size // 2) + rng.randbytes(size - size // 2)
        packed = gzip.compress(data) + gzip.compress(b"")
        for step in (1_000, 70_000, len(packed)):
            unpacker = Gzip()
            pieces = [
                piece
                for at in range(0, len(packed), step)
                for piece in unpacker.unpack(packed[at : at + step])
            ]
            unpacker.end()
            assert b"".join(pieces) == data
            assert max(map(len, pieces), default=0) <= 65_536
    with pytest.raises(BrokenError):
        Gzip().end()


@pytest.mark.parametrize("event", [b"{}", b'{"headers":{}}'])
def test_more_events_than_a_request_may_have_are_413(serve: Serve, log: Log, event: bytes) -> None:
    served = serve()
    for most in (MOST_EVENTS + 1, 2 * MOST_EVENTS + 1):
        status, text, headers = served.post(b"[" + b",".join([event] * most) + b"]")
        assert (status, text) == (413, "the request has more than 100,000 events: send fewer\n")
        assert "Connection" not in headers
    assert log.rows == []


def test_braces_in_bodies_are_no_events(serve: Serve, log: Log) -> None:
    body = r"\"" + "{" * 300_000

    assert serve().post(f'[{{"body": "{body}"}}, {{}}]')[0] == 200
    assert len(log.rows) == 2


def test_what_is_no_http_is_told_so_and_no_error_of_the_agent(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    caplog.set_level(logging.INFO)
    with served.raw() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n")
        assert client.recv(1_000).startswith(b"HTTP/1.0 400 ")

    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [(level, text) for level, text in said if not text.startswith("listens on ")] == [
        ("INFO", "Error handling request from 127.0.0.1: Invalid character in Content-Length")
    ]
