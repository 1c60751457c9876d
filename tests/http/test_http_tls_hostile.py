"""What comes to an https source and means nothing good harms nobody, and fills no log."""

import socket
import ssl
import time
from contextlib import suppress

import pytest
from flumec.runtime.component import Duration

from .conftest import Log, Serve
from .trusting import (
    ONE,
    POST,
    Files,
    files,
    no_errors,
    often,
    post,
    turned_away,
    wait_for,
)  # fmt: skip

__all__ = ["files", "no_errors", "often"]


def test_what_is_no_tls_is_turned_away(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server")
    for said in (b"\x16", b"\x16\x03\x01\xff\xff" + bytes(70_000), b"\x16" * 9, b"SSH-2.0-x\r\n"):
        with served.raw() as scan:
            scan.sendall(said)
            scan.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while scan.recv(4096):
                    pass

    wait_for(lambda: served.place.counts["unproven"] == 4)
    assert post(served, files.client()) == (200, "")
    assert log.bodies == ["a"]


def test_a_look_whether_the_port_is_open_is_nobody_who_failed(
    serve: Serve, log: Log, files: Files
) -> None:
    served = serve(tls="server")
    for _ in range(3):
        served.raw().close()

    assert post(served, files.client()) == (200, "")
    assert served.place.counts["unproven"] == 0


def test_a_handshake_that_stands_still_is_cut_off_and_holds_nobody_up(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server", timeout=Duration("500ms"))
    with served.raw() as silent, served.raw() as stuck:
        stuck.sendall(b"\x16\x03\x01")
        assert post(served, files.client()) == (200, "")
        assert silent.recv(1) == b""
        with suppress(ConnectionResetError):
            assert stuck.recv(1) == b""

    assert "it did not agree on TLS within 0.5 s" in no_errors.text


def test_of_too_many_that_stand_before_the_door_the_one_that_came_first_makes_room(
    serve: Serve, log: Log, files: Files
) -> None:
    served = serve(tls="server", max_connections=20)
    silent = [served.raw() for _ in range(60)]

    assert post(served, files.client()) == (200, "")

    wait_for(lambda: served.place.counts["unproven"] == 41)
    silent[-1].setblocking(False)
    with pytest.raises(BlockingIOError):
        silent[-1].recv(1)
    for each in silent:
        each.close()


def test_many_that_are_turned_away_fill_no_log(
    serve: Serve, log: Log, files: Files, monkeypatch: pytest.MonkeyPatch,
    no_errors: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    served = serve(tls="server")
    for _ in range(50):
        assert served.post(ONE)[0] == 400
    monkeypatch.setattr(served.place.clock.__class__, "monotonic", lambda _: time.monotonic() + 11)
    assert served.post(ONE)[0] == 400

    wait_for(lambda: len(turned_away(no_errors)) == 2)
    assert turned_away(no_errors)[1].endswith(
        "it does not speak TLS (and 49 more since the last that was said)"
    )


def test_a_connection_cut_at_every_byte_leaves_nothing(
    serve: Serve, log: Log, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    """What a client would send up to its request is recorded once, and sent up to each byte."""
    served = serve(tls="server")
    arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = files.client().wrap_bio(arrived, leaving, server_hostname="127.0.0.1")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = leaving.read()
    for cut in range(0, len(hello), 7):
        with served.raw() as client:
            client.sendall(hello[:cut])

    assert post(served, files.client()) == (200, "")
    assert log.bodies == ["a"]


def test_a_damaged_record_ends_the_connection_alone(
    serve: Serve, log: Log, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server")
    raw = served.raw()
    arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = files.client().wrap_bio(arrived, leaving, server_hostname="127.0.0.1")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            raw.sendall(leaving.read())
            arrived.write(raw.recv(65_536))
    tls.write(POST)
    whole = bytearray(leaving.read())
    whole[-1] ^= 1
    with raw:
        raw.sendall(whole)
        while raw.recv(4096):
            pass

    assert log.rows == []
    assert post(served, files.client()) == (200, "")


def test_a_client_that_does_not_read_takes_no_memory(serve: Serve, log: Log, files: Files) -> None:
    """Requests one behind the other, whose answers nobody reads: at some point no more are read."""
    served = serve(tls="server")
    raw = files.client().wrap_socket(served.raw(), server_hostname="127.0.0.1")
    with raw:
        raw.settimeout(1)
        refused = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" * 1_000
        sent = 0
        with suppress(TimeoutError):
            while sent < 100 << 20:
                raw.sendall(refused)
                sent += len(refused)
    assert sent < 100 << 20
    assert post(served, files.client()) == (200, "")
