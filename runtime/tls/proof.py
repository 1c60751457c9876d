"""What an end proves itself with and whom it trusts: its host's files, read anew when they change.

Systemd shows a service its credentials as they were at its start, so on a host a renewal is a
restart, in which connections wait in the socket. Where the files themselves change, as in a
container or under `flumec run`, the next connection uses the new ones. Those that are there go on:
what they carry is as secret as before, and who is at the other end was proven.
"""

import ssl
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime.credentials import ABSENT, absent, locate, missing
from flumec.runtime.errors import StartError
from flumec.runtime.messages.tls import CertificateDue, CertificateOver, CertificatesNotTaken
from flumec.runtime.tls.certificate import Certificate, at, called, moment
from flumec.runtime.tls.contexts import context_of
from flumec.runtime.tls.settings import Proven, used

if TYPE_CHECKING:
    from flumec.runtime.context import Context

LOOK = 10.0
"""Seconds between two looks at whether the files have changed, or have come to their end."""
AGAIN = timedelta(days=1)
"""How long nothing more is said of a certificate that is due or over."""

Marks = tuple[tuple[int, int, int], ...]
"""By what a change of files shows: the inode, time and size of each."""


class Proof:
    """The TLS of one end, safe for threads; StartError where its files don't make one.

    `host` is whom its own certificate must name; "" where clients may call it as they like.
    """

    def __init__(
        self, settings: Proven, context: "Context", *, listens: bool, host: str = "",
        least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:  # fmt: skip
        self._context = context
        self._listens, self._host, self._least = listens, host, least
        self._lock = threading.Lock()
        self._secrets = {
            name: getattr(settings, name) for name in used(settings.tls, listens=listens)
        }
        self._files = {name: locate(secret) for name, secret in self._secrets.items()}
        self.certificate: Certificate | None = None
        """Its own, if it has one to show."""
        self._marks = self._refused = self._mark()
        self._tls = self._made()
        self._next = 0.0
        self._said: datetime | None = None
        self._tend()

    @property
    def tls(self) -> ssl.SSLContext:
        """What the next connection uses."""
        with self._lock:
            return self._tls

    def blind(self) -> ssl.SSLContext:
        """Return what believes everything, for looking at what the other end shows."""
        return context_of(self._files, listens=False, least=self._least, blind=True)

    def tend(self) -> None:
        """Look at the files, if the last look is some time ago."""
        if self._context.clock.monotonic() >= self._next:
            self._tend()

    def _tend(self) -> None:
        with self._lock:
            self._next = self._context.clock.monotonic() + LOOK
            self._renew()
            if self.certificate is not None:
                self._warn(self.certificate)

    def _renew(self) -> None:
        """Take the files as they are now, if they have changed and belong together."""
        try:
            marks = self._mark()
        except StartError:  # replaced right now, or gone: what was read is good still
            return
        if marks in (self._marks, self._refused):
            return
        try:
            self._tls = self._made()
        except StartError as error:
            self._refused = marks
            self._context.log.warning(CertificatesNotTaken(reason=str(error)))
            return
        self._marks = self._refused = marks
        self._said = None
        self._context.log.info("took new certificates: %s", self.certificate or "of authorities")

    def _mark(self) -> Marks:
        marks = []
        for name, path in self._files.items():
            try:
                found = self._context.disk.stat(path)
            except OSError as error:
                raise missing(self._secrets[name], path, error) from None
            if found.st_size <= len(ABSENT):
                raise absent(self._secrets[name])
            marks.append((found.st_ino, found.st_mtime_ns, found.st_size))
        return tuple(marks)

    def _made(self) -> ssl.SSLContext:
        """Return a context of the files as they are; raise StartError, which names the file."""
        made = context_of(self._files, listens=self._listens, least=self._least)
        certificate = self._own()
        if certificate is not None and not self._names_this_host(certificate):
            raise StartError(
                f"{self._files['certificate']} is {certificate}, and this host is {self._host}: "
                "give it the certificate of its own name"
            )
        self.certificate = certificate
        if certificate is not None:
            self._context.counters.set("certificate_expires_seconds", certificate.ends.timestamp())
        return made

    def _own(self) -> Certificate | None:
        if (path := self._files.get("certificate")) is None:
            return None
        try:
            return Certificate.read(_content(self._context, path))
        except ValueError:
            raise StartError(f"{path} has no certificate in PEM") from None
        except OSError as error:
            raise missing(self._secrets["certificate"], path, error) from None

    def _names_this_host(self, certificate: Certificate) -> bool:
        """Say whether it may stand for this host; one that only listens may have a wildcard."""
        host = called(self._host)
        wild = f"*.{host.partition('.')[2]}"
        return (
            not host or host in certificate.names or (self._listens and wild in certificate.names)
        )

    def _warn(self, certificate: Certificate) -> None:
        """Say, once a day, that the certificate is over or is due."""
        now = at(self._context.clock.now_ns())
        if certificate.begins <= now < certificate.due or (self._said and now < self._said + AGAIN):
            return
        self._said = now
        file = self._files["certificate"]
        if certificate.begins <= now < certificate.ends:
            self._context.log.warning(CertificateDue(file=file, certificate=certificate))
            return
        self._context.log.error(
            CertificateOver(file=file, certificate=certificate, now=moment(now))
        )


def _content(context: "Context", path: Path) -> bytes:
    file = context.disk.open(path)
    try:
        return file.read(1 << 20, 0)
    finally:
        file.close()
