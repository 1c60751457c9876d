"""A client of the http source gets 200 for what is stored, and else a clear answer."""

import json
import logging
import socket
import threading
import time
import zlib
from collections.abc import Callable

import pytest
from flumec.runtime.component import Duration, Size

from .conftest import Log, Serve


def test_events_are_stored_before_200(serve: Serve, log: Log) -> None:
    served = serve(columns=("kind",))

    status, text, _ = served.post(
        [
            {"headers": {"kind": "click", "user": "ann"}, "body": "zwölf"},
            {"body": "no headers"},
            {"headers": {"user": "bob"}},
            {},
        ]
    )

    assert (status, text) == (200, "")
    assert log.rows == [
        ("zwölf", {"kind": "click", "user": "ann"}),
        ("no headers", {}),
        ("", {"user": "bob"}),
        ("", {}),
    ]
    assert served.place.asked == ("events", "127.0.0.1", 8080)


def test_it_says_where_clients_find_it(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    served = serve(path="/feed")

    wait_for(lambda: f"listens on http://127.0.0.1:{served.place.port}/feed" in caplog.messages)


def test_nothing_is_answered_before_it_is_stored(serve: Serve, log: Log) -> None:
    served, answers = serve(), []
    log.held = []
    client = threading.Thread(target=lambda: answers.append(served.post([{"body": "a"}])[0]))
    client.start()
    wait_for(lambda: log.held)
    time.sleep(0.05)
    assert (answers, log.rows) == ([], [])

    log.release()
    client.join(10)

    assert answers == [200]
    assert log.bodies == ["a"]


def test_a_full_channel_is_503_and_the_same_request_goes_in_later(serve: Serve, log: Log) -> None:
    served = serve()
    log.full = True

    status, text, headers = served.post([{"body": "a"}])

    assert status == 503
    assert headers["Retry-After"] == "1"
    assert text == "the channel `spool` is full: repeat the request later\n"
    log.full = False
    assert served.post([{"body": "a"}])[0] == 200
    assert log.bodies == ["a"]


def test_a_channel_that_is_full_for_a_moment_is_waited_for(serve: Serve, log: Log) -> None:
    served = serve(request_id="Idempotency-Key")
    log.full = True
    threading.Timer(0.1, lambda: setattr(log, "full", False)).start()

    assert served.post([{"body": "a"}], Idempotency_Key="1")[0] == 200
    assert log.bodies == ["a"]


def test_a_channel_that_rejects_is_503_at_once(serve: Serve, log: Log) -> None:
    served = serve()
    log.full = log.rejects = True

    assert served.post([{"body": "a"}])[0] == 503
    assert log.puts == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", 'the request has no body: send a JSON array, [{"headers": {}, "body": ""}]'),
        (b"null", "the request must be an array of events, not null"),
        (b'{"body": ""}', "must be an array of events, not an object: put [ and ] around it"),
        (
            b"[5]",
            'event 1 of 1: it must be an object like {"headers": {}, "body": ""}, not a number',
        ),
        (b'[{}, {"body": 1}]', "event 2 of 2: `body` must be a string, not a number"),
        (b'[{"body": null}]', "event 1 of 1: `body` must be a string, not null"),
        (b'[{"headers": {"n": 1}}]', 'event 1 of 1: header "n" must be a string, not a number'),
        (b'[{"headers": {"n": true}}]', 'event 1 of 1: header "n" must be a string, not a boolean'),
        (
            b'[{"headers": []}]',
            "event 1 of 1: `headers` must be an object of strings, not an array",
        ),
        (b'[{"header": {}}]', 'has the member "header"; there are only `headers` and `body`'),
        (b'[{"body": "a"}', "expecting ',' delimiter at line 1, column 15, where the text ends"),
        (b'[\n{"body" "a"}]', 'expecting \':\' delimiter at line 2, column 9 near "\\"a\\"}]"'),
        (b'[{"body": "\xff"}]', "byte 11 is not UTF-8: send JSON in UTF-8"),
        (b'[{"body": "\\ud800"}]', "event 1 of 1: `body` has half of a surrogate pair"),
        (b'[{"body": %s}]' % (b"9" * 5_000), "event 1 of 1: `body` must be a string, not a number"),
        (b"[" * 100_000, "the JSON is nested too deeply: an event holds strings only"),
        (
            json.dumps([{"headers": {str(n): "" for n in range(257)}}]).encode(),
            "event 1 of 1: it has 257 headers, and 256 are the most",
        ),
    ],
)
def test_400_says_what_is_wrong_and_where(
    serve: Serve, log: Log, body: bytes, sentence: str
) -> None:
    status, text, _ = serve().post(body)

    assert status == 400
    assert sentence in text
    assert text.endswith("\n")
    assert log.rows == []


def test_a_bad_event_keeps_the_good_ones_of_its_request_out(serve: Serve, log: Log) -> None:
    served = serve()

    assert served.post([{"body": "good"}, {"body": 1}])[0] == 400
    assert log.rows == []


def test_an_empty_array_is_fine(serve: Serve, log: Log) -> None:
    assert serve().post([])[0] == 200
    assert log.rows == []


@pytest.mark.parametrize(
    ("request_line", "status", "sentence"),
    [
        ({"path": "/other"}, 404, "nothing is at /other: events are sent to /"),
        ({"method": "GET"}, 405, "GET is not possible: POST events"),
        (
            {"Content_Encoding": "br"},
            415,
            "the encoding br is not understood: send gzip, or the JSON as it is",
        ),
        ({"Content_Type": "text/xml"}, 415, "text/xml is not understood: send application/json"),
        (
            {"Content_Type": "application/json; charset=utf-16"},
            415,
            "the character set utf-16 is not understood: send UTF-8",
        ),
    ],
)
def test_what_is_no_post_of_json_is_told_so(
    serve: Serve, log: Log, request_line: dict[str, str], status: int, sentence: str
) -> None:
    answer = serve().post([{"body": "a"}], **request_line)

    assert answer[:2] == (status, sentence + "\n")
    assert status != 405 or answer[2]["Allow"] == "POST"
    assert log.rows == []


def test_a_body_that_is_too_large_is_413_whether_its_length_is_told_or_not(
    serve: Serve, log: Log
) -> None:
    served = serve(max_body=Size("1KiB"))
    large = json.dumps([{"body": "x" * 2_000}])

    status, text, headers = served.post(large)
    assert status == 413
    assert text == "the request is larger than 1KiB: send fewer events\n"
    assert headers["Connection"] == "close"
    chunked = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2_000
    )
    with served.raw() as client:
        client.sendall(chunked)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    unpacked = served.post(zlib.compress(large.encode(), wbits=31), Content_Encoding="gzip")
    assert unpacked[0] == 413
    assert log.rows == []


def test_a_client_that_asks_first_need_not_send_what_is_too_large(serve: Serve, log: Log) -> None:
    served = serve(max_body=Size("1KiB"))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with served.raw() as client:
        client.sendall(head % 5_000)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    with served.raw() as client:
        client.sendall(head % 15)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b'[{"body": "a"}]')
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert log.bodies == ["a"]


def test_a_slow_sender_is_told_and_cut_off(serve: Serve, log: Log) -> None:
    served = serve(timeout=Duration("200ms"))
    with served.raw() as client:
        client.sendall(b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n[{"body": "a"}')
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the request did not arrive within 0.2 s" in answer
    assert log.rows == []


def test_one_who_sends_no_request_at_all_is_cut_off(serve: Serve) -> None:
    served = serve(timeout=Duration("200ms"))
    with served.raw() as silent, served.raw() as stuck:
        stuck.sendall(b"POST / HTTP/1.1\r\nHos")
        assert read_all(silent) == b""
        assert read_all(stuck) == b""


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(serve: Serve, log: Log) -> None:
    served = serve()
    request = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\n[{"body": "a"}]'
    for cut in range(len(request)):
        with served.raw() as client:
            client.sendall(request[:cut])
    assert served.post([{"body": "after"}])[0] == 200
    assert log.bodies == ["after"]


def test_memory_for_requests_is_bounded(serve: Serve, log: Log) -> None:
    served = serve(max_body=Size("1KiB"), max_pending=Size("2KiB"))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
    hoarders = [served.raw() for _ in range(2)]
    for client in hoarders:
        client.sendall(head + b"x" * 900)
    wait_for(lambda: served.post([{"body": "y" * 500}])[0] == 503)
    for client in hoarders:
        client.close()
    wait_for(lambda: served.post([{"body": "y" * 500}])[0] == 200)


def test_more_connections_than_declared_are_told_so(serve: Serve) -> None:
    served = serve(max_connections=2)
    silent = [served.raw() for _ in range(2)]
    wait_for(lambda: served.place.counts["connections_open"] == 2)

    status, text, _ = served.post([{"body": "a"}])

    assert (status, text) == (503, "too many connections are open: repeat the request later\n")
    for client in silent:
        client.close()


@pytest.mark.slow
def test_two_hundred_clients_at_once_lose_nothing(serve: Serve, log: Log) -> None:
    served, answers = serve(), []

    def client(number: int) -> None:
        for turn in range(5):
            events = [{"body": f"{number}.{turn}.{n}"} for n in range(3)]
            answers.append(served.post(events)[0])

    threads = [threading.Thread(target=client, args=(n,)) for n in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == [200] * 1_000
    expected = [f"{c}.{t}.{n}" for c in range(200) for t in range(5) for n in range(3)]
    assert sorted(log.bodies) == sorted(expected)


def test_many_requests_go_over_one_connection(serve: Serve, log: Log) -> None:
    request = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\n[{"body": "a"}]'
    with serve().raw() as client:
        client.sendall(request * 3)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3:
            received += client.recv(1_000)
    assert log.bodies == ["a"] * 3


def test_requests_under_way_are_finished_when_the_agent_stops(serve: Serve, log: Log) -> None:
    served, answers = serve(), []
    log.held = []
    client = threading.Thread(target=lambda: answers.append(served.post([{"body": "a"}])[0]))
    client.start()
    wait_for(lambda: log.held)

    served.place.stop.set()
    time.sleep(0.2)
    assert served.thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        served.raw()
    log.release()
    client.join(10)
    served.end()

    assert answers == [200]
    assert log.bodies == ["a"]


def test_a_chain_that_fails_is_500_and_serving_goes_on(serve: Serve, log: Log) -> None:
    served = serve()
    served.place.explode = True
    status, text, _ = served.post([{"body": "a"}])
    assert (status, text) == (500, "the agent could not take these events; its log says why\n")

    served.place.explode = False
    assert served.post([{"body": "b"}])[0] == 200
    assert log.bodies == ["b"]


def test_it_says_whether_it_is_idle(serve: Serve, log: Log) -> None:
    served = serve()
    wait_for(lambda: served.place.idling)
    log.held = []
    client = threading.Thread(target=lambda: served.post([{"body": "a"}]))
    client.start()
    wait_for(lambda: not served.place.idling)
    log.release()
    client.join(10)
    wait_for(lambda: served.place.idling)


def wait_for(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(1_000), b""))
