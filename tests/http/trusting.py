"""What an https source and its clients prove themselves with, and how they ask it."""

import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flumec.compiler.certs.authority import Authority, Issued
from flumec.runtime.http import door
from flumec.runtime.tls import proof

from .conftest import Served

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
