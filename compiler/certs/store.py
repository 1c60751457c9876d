"""The folder of a small authority: its own key, and for each host the files that go there.

    certs/ca-key.pem                the authority's key: it stays here, and is never overwritten
    certs/ca.pem                    what everybody trusts it by
    certs/hosts/web-1/flumec-ca     what goes to web-1, named as the credentials that agents use
    certs/hosts/web-1/flumec-cert
    certs/hosts/web-1/flumec-key

All files are their owner's alone (0600). A host's folder is the old or the new one, whole: where
the file system cannot exchange two folders, the next call ends what was cut off between renames.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from flumec.compiler.certs.authority import CA_LIFE, LIFE, Authority
from flumec.compiler.exchange import exchange
from flumec.compiler.paths import folder
from flumec.runtime.frozen import frozen
from flumec.runtime.tls.certificate import Certificate
from flumec.runtime.tls.settings import CA, CERTIFICATE, KEY


class CertsError(Exception):
    """The folder is not as it must be; the message says what to do."""


@frozen
class Held:
    """A host's certificate in the folder."""

    host: str
    certificate: Certificate


class Store:
    """An authority's folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._certificate = place / "ca.pem"
        self._key = place / "ca-key.pem"
        self._hosts = place / "hosts"

    def init(self, name: str, life: timedelta = CA_LIFE) -> Certificate:
        """Make an authority; raise CertsError where there is one."""
        self._halved()
        for path in (self._key, self._certificate):
            if path.exists():
                raise CertsError(
                    f"there is an authority in `{self.place}` already, and one that is in use is "
                    "never overwritten; name another folder with --dir"
                )
        made = Authority.make(name, life)
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(
            self._key, made.key
        )  # first: one without its certificate shows that nothing is in use
        write(self._certificate, made.certificate)
        return Certificate.read(made.certificate)

    def authority(self) -> Authority:
        """Read the authority; raise CertsError."""
        self._halved()
        try:
            read = Authority.read(self._certificate.read_bytes(), self._key.read_bytes())
        except FileNotFoundError:
            raise CertsError(
                f"there is no authority in `{self.place}`: make one with `flumec certs init`, or "
                "name its folder with --dir"
            ) from None
        except (ValueError, TypeError) as error:
            raise CertsError(f"the authority in `{self.place}` cannot be read: {error}") from None
        if read.ends <= datetime.now(UTC):
            raise CertsError(f"the authority in `{self.place}` has ended: make another one")
        return read

    def ca(self) -> Certificate:
        """Return the authority's own certificate."""
        self.authority()
        return Certificate.read(self._certificate.read_bytes())

    def held(self) -> Iterator[Held]:
        """Yield each host's certificate, by name."""
        if not self._hosts.is_dir():
            return
        for path in self._hosts.glob(".*.old"):
            self._whole(unquote(path.name[1:].removesuffix(".old")))
        for path in sorted(self._hosts.glob("[!.]*")):
            host = unquote(path.name)
            if (certificate := self.of(host)) is not None:
                yield Held(host, certificate)

    def of(self, host: str) -> Certificate | None:
        """Return a host's certificate; None where it has none that can be read."""
        try:
            return Certificate.read((self._whole(host) / CERTIFICATE.name).read_bytes())
        except (OSError, ValueError):
            return None

    def issue(
        self, authority: Authority, host: str, names: Sequence[str], life: timedelta = LIFE
    ) -> Certificate:
        """Give a host a new key and certificate, in the place of those that it may have."""
        try:
            issued = authority.issue([host, *names], life)
        except ValueError as error:
            raise CertsError(f"no certificate can name the host `{host}`: {error}") from None
        place = self._whole(host)
        fresh, gone = _beside(place)
        for leftover in (fresh, gone):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        for name, content in (
            (CA.name, authority.certificate), (CERTIFICATE.name, issued.certificate),
            (KEY.name, issued.key),
        ):  # fmt: skip
            write(fresh / name, content)
        if not place.exists():
            fresh.rename(place)
        elif not exchange(fresh, place):
            place.rename(gone)
            fresh.rename(place)
        sync(self._hosts)
        for leftover in (fresh, gone):  # the old one
            shutil.rmtree(leftover, ignore_errors=True)
        return Certificate.read(issued.certificate)

    def due(self, within: timedelta, now: datetime | None = None) -> Iterator[Held]:
        """Yield the hosts whose certificates end within a time."""
        until = (now or datetime.now(UTC)) + within
        yield from (each for each in self.held() if each.certificate.ends <= until)

    def _halved(self) -> None:
        """Raise CertsError for half an authority: of an `init` that was killed, or a lost file."""
        key, certificate = (path.exists() for path in (self._key, self._certificate))
        if key == certificate:
            return
        there, lacking = self._key, self._certificate
        if certificate:
            there, lacking = lacking, there
        raise CertsError(
            f"`{there}` is there without `{lacking.name}`, and is never overwritten: put "
            f"`{lacking.name}` back from your copy; if no host has a certificate of this authority "
            f"yet (an `init` was cut off), remove `{there}`, and make one with `flumec certs init`"
        )

    def _whole(self, host: str) -> Path:
        """Return a host's folder; one whose renewal was cut off between two renames is ended."""
        place = self._hosts / folder(host)
        fresh, gone = _beside(place)
        if gone.exists() and not place.exists():  # then the new one was whole
            (fresh if fresh.exists() else gone).rename(place)
            sync(self._hosts)
        return place


def _beside(place: Path) -> tuple[Path, Path]:
    """Return where a host's next folder is made, and where the one before is put aside."""
    return place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.old")


def write(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    beside.rename(path)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Make a directory's entries durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
