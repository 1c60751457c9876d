"""An http source that speaks TLS: who gets in, and what the others hear."""

import json
import os
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest
from flumec.compiler.certs.authority import Authority
from flumec.runtime.component import Secret, Size

from .conftest import Log, Serve
from .trusting import (
    DAY,
    ONE,
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
