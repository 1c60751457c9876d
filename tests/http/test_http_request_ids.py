"""A request with a name is stored once, however often and however concurrently it is sent."""

import threading
import time

import pytest
from flumec.runtime.component import Duration

from .conftest import Log, Serve, Served


def post(served: Served, name: str, body: str = "x") -> tuple[int, str]:
    return served.post([{"body": body}], Idempotency_Key=name)[:2]


@pytest.mark.slow
def test_a_repeated_request_is_answered_200_and_not_stored_again(serve: Serve, log: Log) -> None:
    served = serve(request_id="Idempotency-Key")

    assert [post(served, name)[0] for name in ("a", "b", "a", "b", "c")] == [200] * 5
    assert len(log.rows) == 3
    assert served.place.counts["requests_repeated"] == 2


def test_without_the_header_or_the_property_nothing_is_remembered(serve: Serve, log: Log) -> None:
    named, unnamed = serve(request_id="Idempotency-Key"), serve()

    assert [named.post([{"body": "a"}])[0] for _ in range(2)] == [200, 200]
    assert [post(unnamed, "b")[0] for _ in range(2)] == [200, 200]
    assert len(log.rows) == 4
    assert log.positions == {}


def test_names_survive_a_restart(serve: Serve, log: Log) -> None:
    first = serve(request_id="Idempotency-Key")
    post(first, "a")
    first.end()

    second = serve(request_id="Idempotency-Key")
    assert [post(second, name)[0] for name in ("a", "b")] == [200, 200]
    assert len(log.rows) == 2


def test_the_oldest_name_is_forgotten_first(serve: Serve, log: Log) -> None:
    served = serve(request_id="Idempotency-Key", request_ids=3)
    for name in "abcd":
        post(served, name)
    served.end()
    again = serve(request_id="Idempotency-Key", request_ids=3)

    for name in "bcd":
        post(again, name)
    assert len(log.rows) == 4
    post(again, "a")
    assert len(log.rows) == 5
    post(again, "b")
    assert len(log.rows) == 6
    post(again, "a")
    assert len(log.rows) == 6
    assert len(log.positions) == 3


def test_a_request_that_was_not_stored_may_come_again(serve: Serve, log: Log) -> None:
    served = serve(request_id="Idempotency-Key", request_ids=1)
    log.full = True
    assert post(served, "a")[0] == 503
    log.full = False
    assert post(served, "a")[0] == 200
    assert post(served, "a")[0] == 200
    assert len(log.rows) == 1


def test_two_of_one_name_at_the_same_time_are_one(serve: Serve, log: Log) -> None:
    served, answers = serve(request_id="Idempotency-Key"), []
    log.held = []
    clients = [
        threading.Thread(target=lambda: answers.append(post(served, "a")[0])) for _ in range(5)
    ]
    for client in clients:
        client.start()
    deadline = time.monotonic() + 5
    while served.place.counts["connections_open"] < 5 and time.monotonic() < deadline:
        time.sleep(0.01)

    log.release()
    for client in clients:
        client.join(10)

    assert answers == [200] * 5
    assert len(log.rows) == 1


def test_many_of_different_names_are_under_way_side_by_side(serve: Serve, log: Log) -> None:
    served, answers = serve(request_id="Idempotency-Key", request_ids=4), []
    for name in "abcd":
        post(served, name)
    log.held = []

    def client(number: int) -> None:
        answers.append(post(served, f"n{number}")[0])

    clients = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in clients:
        thread.start()
    deadline = time.monotonic() + 5
    while len(log.held) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    status, text = post(served, "one more")
    log.release()
    for thread in clients:
        thread.join(10)

    assert (status, text) == (
        503,
        "too many named requests are under way: repeat the request later\n",
    )
    assert answers == [200] * 4
    assert len(log.rows) == 8


def test_one_that_was_too_slow_to_store_is_found_stored_by_its_repetition(
    serve: Serve, log: Log
) -> None:
    served = serve(request_id="Idempotency-Key", timeout=Duration("100ms"))
    log.held = []
    assert post(served, "a")[0] == 503
    log.release()
    assert post(served, "a")[0] == 200
    assert len(log.rows) == 1


def test_fewer_names_or_none_forget_the_rest(serve: Serve, log: Log) -> None:
    many = serve(request_id="Idempotency-Key", request_ids=5)
    for name in "abcde":
        post(many, name)
    many.end()
    few = serve(request_id="Idempotency-Key", request_ids=2)
    post(few, "f")
    few.end()
    assert len(log.positions) == 2

    serve().end()
    assert log.positions == {}


def test_a_name_has_a_length(serve: Serve, log: Log) -> None:
    served = serve(request_id="Idempotency-Key")

    for name in ("", "x" * 257):
        assert post(served, name) == (
            400,
            "the header Idempotency-Key must have 1 to 256 characters\n",
        )
    assert log.rows == []
