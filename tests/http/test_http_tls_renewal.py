"""An https source whose files are renewed, go wrong, or are wrong from the start."""

import http.client
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flumec.compiler.certs.authority import Authority
from flumec.runtime.errors import StartError
from flumec.runtime.sources import Http

from .conftest import Log, Place, Serve
from .trusting import (
    DAY,
    POST,
    Files,
    ask,
    connect,
    files,
    no_errors,
    often,
    post,
    wait_for,
)  # fmt: skip

__all__ = ["files", "no_errors", "often"]


def test_renewed_files_are_used_by_new_connections_and_those_that_are_there_go_on(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server")
    there = connect(served, files.client())
    assert ask(there) == (200, "")
    old, new = files.client(), Authority.make("new")

    files.give("flumec", new.issue(["127.0.0.1"]))
    wait_for(lambda: "took new certificates: a certificate of 127.0.0.1" in no_errors.text)

    assert ask(there) == (200, "")
    with pytest.raises(ssl.SSLCertVerificationError):
        post(served, old)
    files.trust("ann-ca", new)
    assert post(served, files.client()) == (200, "")
    there.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_authority_that_was_taken_out_counts_no_more_not_even_in_a_session_resumed(
    version: ssl.TLSVersion, serve: Serve, log: Log, files: Files, often: None,
    no_errors: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    served = serve(tls="mutual")
    other = Authority.make("other")
    client = files.client("ann")
    client.minimum_version = client.maximum_version = version
    first = client.wrap_socket(served.raw(), server_hostname="127.0.0.1")
    first.sendall(POST)
    assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
    session = first.session

    files.trust("flumec-ca", other)
    wait_for(lambda: "took new certificates" in no_errors.text)

    with pytest.raises(ssl.SSLError, match="unknown ca"):
        post(served, client)
    again = client.wrap_socket(
        served.raw(), server_hostname="127.0.0.1", do_handshake_on_connect=False
    )
    again.session = session
    with again, pytest.raises(ssl.SSLError, match="unknown ca"):
        again.do_handshake()
        again.sendall(POST)
        again.recv(100)
    first.sendall(POST)  # who was let in goes on
    assert first.recv(100).startswith(b"HTTP/1.1 200 ")
    first.close()


def test_files_that_do_not_go_together_are_not_taken(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server")
    assert post(served, files.client()) == (200, "")

    files.write("flumec-key", files.authority.issue(["127.0.0.1"]).key)

    wait_for(lambda: "flumec-key is not that of the certificate" in no_errors.text)
    assert post(served, files.client()) == (200, "")


def test_one_that_is_due_is_said(
    serve: Serve, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    files.give(
        "flumec", files.authority.issue(["127.0.0.1"], DAY * 365, datetime.now(UTC) - DAY * 340)
    )
    serve(tls="server")

    wait_for(lambda: "flumec-cert: a certificate of 127.0.0.1" in no_errors.text)
    assert "it is due, renew it" in no_errors.text


@pytest.mark.slow
def test_clients_that_post_while_all_is_renewed_are_never_refused_and_nothing_is_lost(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="mutual")
    done = threading.Event()
    sent: list[str] = []
    failed: list[str] = []

    def client(number: int) -> None:
        turn, context = 0, files.client("ann")
        connection = connect(served, context)
        while not done.is_set():
            turn += 1
            name = f"{number}.{turn}"
            if number % 2:  # every other connects anew each time
                connection.close()
                connection = connect(served, context)
            try:
                status, text = ask(connection, [{"body": name}])
            except (OSError, http.client.HTTPException) as error:
                failed.append(f"{name}: {error!r}")
                return
            sent.append(name)
            if status != 200:
                failed.append(f"{name}: {status} {text}")
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    renewals = 0
    until = time.monotonic() + 6
    while time.monotonic() < until:
        files.give("flumec", files.authority.issue(["127.0.0.1"]))
        files.trust("flumec-ca", files.authority)
        renewals += 1
        time.sleep(0.1)
    done.set()
    for thread in threads:
        thread.join(20)

    taken = [text for text in no_errors.messages if "took new certificates" in text]
    print(f"{len(sent)} requests, {len(taken)} renewals taken of {renewals}, refused {len(failed)}")
    assert failed == []
    assert sorted(log.bodies) == sorted(sent)
    assert len(taken) > 5
    assert len(sent) > 100


WRONG: dict[str, tuple[Callable[[Files], None], str]] = {
    "another key": (
        lambda files: files.write("flumec-key", files.authority.issue(["x"]).key),
        "the key in .*flumec-key is not that of the certificate in .*flumec-cert",
    ),
    "no key": (
        lambda files: files.write("flumec-key", b"nothing"), "flumec-key has no private key",
    ),
    "no certificate": (
        lambda files: files.write("flumec-cert", b"nothing"), "flumec-cert has no certificate",
    ),
    "no authority": (
        lambda files: files.write("flumec-ca", b"nothing"),
        "flumec-ca has no certificate of an authority",
    ),
    "an empty file": (
        lambda files: files.write("flumec-key", b""), "`flumec-key` is missing, or empty",
    ),
    "missing": (
        lambda files: (files.folder / "flumec-cert").unlink(),
        "`flumec-cert` is missing: no file .*LoadCredential=flumec-cert",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_start_with_wrong_files_is_refused_before_anything_listens(
    wrong: str, log: Log, files: Files
) -> None:
    spoil, says = WRONG[wrong]
    spoil(files)
    place: Any = Place(log, ())

    with pytest.raises(StartError, match=says) as error:
        Http("events", port=place.port, tls="mutual").run(place)

    assert place.asked is None
    assert "PRIVATE" not in str(error.value)
    place.listener.close()
