"""An http source that speaks TLS: who gets in, what others hear, and that they harm nobody."""

import http.client
import json
import logging
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.certs.authority import Authority, Issued
from flumec.runtime.component import Duration, Secret, Size
from flumec.runtime.errors import StartError
from flumec.runtime.http import door
from flumec.runtime.sources import Http
from flumec.runtime.tls import proof

from .conftest import Log, Place, Serve, Served

DAY = timedelta(days=1)
ONE = [{"body": "a"}]
POST = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\n[{"body": "a"}]'


class Files:
    """A source's credentials, an authority, and a client's own certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.authority = Authority.make("test")
        self.give("flumec", self.authority.issue(["feed.example.com", "127.0.0.1"]))
        self.give("ann", self.authority.issue(["ann.example.com"]))
        self.trust("flumec-ca", self.authority)
        self.trust("ann-ca", self.authority)

    def give(self, who: str, issued: Issued) -> None:
        self.write(f"{who}-key", issued.key)
        self.write(f"{who}-cert", issued.certificate)

    def trust(self, name: str, *authorities: Authority) -> None:
        self.write(name, b"".join(each.certificate for each in authorities))

    def write(self, name: str, content: bytes) -> None:
        path = self.folder / f".{name}"
        path.write_bytes(content)
        path.rename(self.folder / name)

    def client(self, certificate: str = "") -> ssl.SSLContext:
        """Return how a client connects, who shows a certificate if it has one."""
        made = ssl.create_default_context(cafile=self.folder / "ann-ca")
        if certificate:
            made.load_cert_chain(
                self.folder / f"{certificate}-cert", self.folder / f"{certificate}-key"
            )
        return made


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    return Files(tmp_path / "credentials")


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """See that nothing is said that is an error, or a traceback."""
    caplog.set_level(logging.INFO)
    yield caplog
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info]
    assert "Traceback" not in caplog.text


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LOOK", 0.02)
    monkeypatch.setattr(door, "SILENCE", 0.0)


def connect(served: Served, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(*served.address, timeout=10, context=context)


def ask(connection: http.client.HTTPConnection, body: object = ONE) -> tuple[int, str]:
    connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def post(served: Served, context: ssl.SSLContext, body: object = ONE) -> tuple[int, str]:
    connection = connect(served, context)
    try:
        return ask(connection, body)
    finally:
        connection.close()


def wait_for(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def turned_away(log: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in log.messages if "not let in" in text]


@pytest.mark.parametrize(("tls", "shows"), [("server", ""), ("mutual", "ann")])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_events_are_stored_before_200(
    tls: str, shows: str, version: ssl.TLSVersion, serve: Serve, log: Log, files: Files,
    no_errors: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    served = serve(tls=tls)
    client = files.client(shows)
    client.minimum_version = client.maximum_version = version

    assert post(served, client) == (200, "")

    assert log.bodies == ["a"]
    where = f"listens on https://127.0.0.1:{served.place.port}/"
    wait_for(lambda: where in no_errors.messages)
    assert served.place.counts["certificate_expires_seconds"] > time.time()


def test_what_crosses_is_whole_however_large_and_in_which_pieces(
    serve: Serve, log: Log, files: Files
) -> None:
    served = serve(tls="server", max_body=Size("32MiB"))
    large = "x" * (20 << 20)
    connection = connect(served, files.client())

    assert ask(connection, [{"body": large}]) == (200, "")
    assert ask(connection) == (200, "")
    connection.close()
    raw = files.client().wrap_socket(served.raw(), server_hostname="127.0.0.1")
    with raw:
        for n in range(0, len(POST), 3):
            raw.sendall(POST[n : n + 3])
        assert raw.recv(100).startswith(b"HTTP/1.1 200 ")

    assert log.bodies == [large, "a", "a"]


def test_a_body_that_is_too_large_hears_so(serve: Serve, log: Log, files: Files) -> None:
    served = serve(tls="server", max_body=Size("1KiB"))

    status, text = post(served, files.client(), [{"body": "x" * 2_000}])

    assert (status, text) == (413, "the request is larger than 1KiB: send fewer events\n")


def test_without_a_certificate_of_the_authority_nobody_gets_in_where_it_is_mutual(
    serve: Serve, log: Log, files: Files, often: None, no_errors: pytest.LogCaptureFixture
) -> None:
    files.give("eve", Authority.make("other").issue(["ann.example.com"]))
    files.give("old", files.authority.issue(["ann.example.com"], DAY / 2, datetime.now(UTC) - DAY))
    served = serve(tls="mutual")

    for shows, hears, says in (
        ("", "certificate required", "it shows no certificate, and `tls = mutual` wants one"),
        ("eve", "unknown ca", "its certificate is not from an authority that this host trusts"),
        ("old", "certificate expired", "its certificate has ended, by this host's clock"),
    ):
        with pytest.raises(ssl.SSLError, match=hears):
            post(served, files.client(shows))
        wait_for(lambda says=says: says in no_errors.text)

    assert log.rows == []
    assert served.place.counts["unproven"] == 3
    assert post(served, files.client("ann")) == (200, "")


def test_a_client_that_does_not_trust_the_source_is_said(
    serve: Serve, log: Log, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls="server")
    files.trust("ann-ca", Authority.make("other"))

    with pytest.raises(ssl.SSLCertVerificationError):
        post(served, files.client())

    wait_for(lambda: "it does not trust the authority of this end's certificate" in no_errors.text)


@pytest.mark.parametrize("tls", ["server", "mutual"])
def test_plain_http_hears_that_the_port_speaks_tls(
    tls: str, serve: Serve, log: Log, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve(tls=tls)

    status, text, _ = served.post([{"body": "x" * 1_000_000}])

    assert (status, text) == (400, "this port speaks TLS: send the request to an https URL\n")
    assert log.rows == []
    wait_for(lambda: ": not let in: it does not speak TLS" in no_errors.text)
    assert post(served, files.client("ann")) == (200, "")


def test_tls_at_a_plain_port_is_said_and_harms_nobody(
    serve: Serve, log: Log, files: Files, no_errors: pytest.LogCaptureFixture
) -> None:
    served = serve()

    with pytest.raises(ssl.SSLError, match=r"(?i)wrong.version.number|record.layer.failure"):
        post(served, files.client())

    wait_for(lambda: "it speaks TLS, and this source has `tls = none`" in no_errors.text)
    with served.raw() as client:
        client.sendall(b"\x16\x03\x01")
        answer = client.makefile("rb").read()
    assert answer.endswith(b"\r\n\r\nthis port speaks no TLS: send the request to an http URL\n")
    assert served.post(ONE)[0] == 200
    assert log.bodies == ["a"]


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


def test_who_is_served_when_the_agent_stops_is_served_to_the_end(
    serve: Serve, log: Log, files: Files
) -> None:
    served, answers = serve(tls="server"), []
    log.held = []
    client = threading.Thread(target=lambda: answers.append(post(served, files.client())[0]))
    client.start()
    wait_for(lambda: log.held)
    silent = served.raw()

    served.place.stop.set()
    time.sleep(0.3)
    log.release()
    client.join(10)
    served.end()

    assert answers == [200]
    assert silent.recv(1) == b""
    silent.close()


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


def test_files_of_other_names_are_used(serve: Serve, log: Log, files: Files) -> None:
    files.give("web", files.authority.issue(["127.0.0.1"]))
    (files.folder / "flumec-key").unlink()
    served = serve(tls="server", certificate=Secret("web-cert"), key=Secret("web-key"))

    assert post(served, files.client()) == (200, "")


@pytest.mark.skipif(not os.access("/usr/bin/curl", os.X_OK), reason="curl is not installed here")
def test_curl_posts(serve: Serve, log: Log, files: Files) -> None:
    served = serve(tls="mutual")
    at = files.folder
    said = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", "--cacert", at / "ann-ca",
         "--cert", at / "ann-cert", "--key", at / "ann-key", "--json", json.dumps(ONE),
         f"https://127.0.0.1:{served.place.port}/"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    assert log.bodies == ["a"]
