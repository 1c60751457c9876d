"""Links that are encrypted: who gets in, what both ends hear when not, and that nothing is lost."""

import os
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.certs.authority import Authority, Issued
from flumec.runtime.component import Secret
from flumec.runtime.errors import StartError
from flumec.runtime.tls.proof import Proof

Site = Any

SENDER, RECEIVER = "tailer-1.example.com", "core-1"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
DAY = timedelta(days=1)


class Hosts:
    """The credentials of both ends, in one folder under two names, as systemd would show them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.make("test")
        folder.mkdir()
        self.give("tailer", self.authority.issue([SENDER]))
        self.give("core", self.authority.issue([RECEIVER, "collector-1.example.com"]))
        self.trust("tailer", self.authority)
        self.trust("core", self.authority)

    def give(self, end: str, issued: Issued) -> None:
        self.write(f"{end}-key", issued.key)
        self.write(f"{end}-cert", issued.certificate)

    def trust(self, end: str, authority: Authority) -> None:
        self.write(f"{end}-ca", authority.certificate)

    def write(self, name: str, content: bytes) -> None:
        path = self.folder / f".{name}"
        path.write_bytes(content)
        path.rename(self.folder / name)

    @staticmethod
    def secret_lines() -> list[str]:
        """Return every line of the keys, which no log or message may have."""
        folder = Path(os.environ["CREDENTIALS_DIRECTORY"])
        keys = [path.read_text() for path in folder.glob("*-key")]
        return [line for key in keys for line in key.splitlines() if not line.startswith("-----E")]

    @staticmethod
    def settings(end: str, tls: str = "mutual") -> dict[str, Any]:
        return {
            "tls": tls, "ca": Secret(f"{end}-ca"), "certificate": Secret(f"{end}-cert"),
            "key": Secret(f"{end}-key"),
        }  # fmt: skip


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    return Hosts(tmp_path / "credentials")


def linked(site: Site, tls: str = "mutual", theirs: str = "mutual") -> tuple[Any, Any]:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver(**Hosts.settings("core", theirs)))
    tailer.start(site.sender(collector.port, **Hosts.settings("tailer", tls)))
    return tailer, collector


def refused(site: Site, *, tailer: Any, collector: Any, says: str, hears: str = "") -> None:
    """See what both ends say, and that not an event got through."""
    tailer.put(range(3))
    site.eventually(lambda: tailer.failing)
    site.match(says, tailer.failing[0])
    if hears:
        site.eventually(lambda: re.search(hears, "\n".join(collector.said)))
    assert collector.held == 0
    assert tailer.held == 3
    told = " ".join([*tailer.failing, *tailer.said, *collector.said])
    assert not any(line in told for line in Hosts.secret_lines())


@pytest.mark.parametrize("tls", ["server", "mutual"])
def test_events_arrive_once_and_in_order(tls: str, site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site, tls, tls)

    for start in range(0, 100, 10):
        tailer.put(range(start, start + 10))

    assert collector.take(100) == list(range(100))
    site.eventually(lambda: tailer.held == 0)


def test_large_frames_cross_in_both_kinds_of_pieces(site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site)
    bodies = [bytes([n % 251]) * 3_000_017 for n in range(6)]

    tailer.put_bodies(bodies[:1])
    tailer.put_bodies(bodies[1:])

    site.eventually(lambda: collector.held == 6)
    got = [bytes(body) for chunk in collector.chunks(2) for body in site.bodies(chunk)]
    assert got == bodies


def test_what_crosses_cannot_be_read(site: Site, hosts: Hosts) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver(**Hosts.settings("core")))
    tap = site.proxy(collector.port, [])
    tailer.start(site.sender(tap.port, **Hosts.settings("tailer")))

    tailer.put_bodies([b"the word that nobody may read"] * 10)

    site.eventually(lambda: collector.held == 10)
    assert len(tap.seen) > 500
    assert b"nobody may read" not in tap.seen
    assert b"tailer" not in tap.seen


WRONG: dict[str, tuple[Callable[[Hosts], None], str, str]] = {
    "the sender trusts another authority": (
        lambda hosts: hosts.trust("tailer", Authority.make("other")),
        "core-1 .*not from an authority that this host trusts.*`ca`",
        "does not trust the authority of this end's certificate",
    ),
    "the receiver trusts another authority": (
        lambda hosts: hosts.trust("core", Authority.make("other")),
        "does not trust the authority of this end's certificate.*a certificate of tailer-1",
        "not from an authority that this host trusts",
    ),
    "the receiver is another host": (
        lambda hosts: hosts.give("core", hosts.authority.issue(["collector-1.example.com"])),
        "another host's: it shows a certificate of collector-1.example.com, good from",
        "does not accept this end's certificate",
    ),
    "the receiver's has ended": (
        lambda hosts: hosts.give(
            "core",
            hosts.authority.issue([RECEIVER, "collector-1.example.com"], DAY / 2, YESTERDAY),
        ),
        (
            r"has ended, by this host's clock: it shows .*core-1, good from .* until .* UTC, "
            r"and the clock here says .* UTC"
        ),
        "takes this end's certificate for one that has ended",
    ),
    "the receiver's has not begun": (
        lambda hosts: hosts.give(
            "core",
            hosts.authority.issue(
                [RECEIVER, "collector-1.example.com"], DAY, datetime.now(UTC) + DAY
            ),
        ),
        "has not begun, by this host's clock: it shows .* and the clock here says",
        "",
    ),
    "the sender's has ended": (
        lambda hosts: hosts.give("tailer", hosts.authority.issue([SENDER], DAY / 2, YESTERDAY)),
        (
            "takes this end's certificate for one that has ended; .* .*tailer-1.*until .*, "
            "and the clock here says"
        ),
        "has ended, by this host's clock",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_both_ends_say_why_they_do_not_trust(wrong: str, site: Site, hosts: Hosts) -> None:
    spoil, says, hears = WRONG[wrong]
    spoil(hosts)
    tailer, collector = linked(site)

    refused(site, tailer=tailer, collector=collector, says=says, hears=hears)


def test_a_host_sends_by_its_own_name_only(
    site: Site, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proof, "_names_this_host", lambda *_: True)  # one that doesn't look itself
    hosts.give("tailer", hosts.authority.issue(["other-1.example.com"]))
    tailer, collector = linked(site)

    refused(
        site, tailer=tailer, collector=collector,
        says="refused by .*on tailer-1.example.com shows a certificate of other-1.example.com: a "
        "host sends by its own name only",
        hears="a host sends by its own name only",
    )  # fmt: skip


def test_a_sender_without_a_certificate_is_told_so(site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site, "server", "mutual")

    refused(
        site, tailer=tailer, collector=collector,
        says="wants a certificate of this end, and got none", hears="shows no certificate",
    )  # fmt: skip


def test_a_plain_sender_is_told_that_the_port_speaks_tls(site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site, "none", "mutual")

    refused(
        site, tailer=tailer, collector=collector,
        says="refused by .*agent `tailer` on tailer-1.example.com does not speak TLS, and agent "
        "`collector` on collector-1.example.com has `tls = mutual`: build both",
    )  # fmt: skip


def test_a_tls_sender_at_a_plain_port_says_what_to_do(site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site, "mutual", "none")

    refused(
        site, tailer=tailer, collector=collector,
        says="it does not speak TLS: build both ends from the same files",
    )  # fmt: skip


def test_what_is_no_tls_and_no_link_is_closed(site: Site, hosts: Hosts) -> None:
    collector = site.end("collector")
    collector.start(site.receiver(**Hosts.settings("core")))
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000), b"\x16"):
        with socket.create_connection(("127.0.0.1", collector.port)) as scan:
            scan.sendall(said)
            scan.shutdown(socket.SHUT_WR)
            scan.settimeout(9)
            while scan.recv(4096):
                pass

    tailer = site.end("tailer")
    tailer.start(site.sender(collector.port, **Hosts.settings("tailer")))
    tailer.put(range(5))
    assert collector.take(5) == list(range(5))


def _swap(hosts: Hosts) -> None:
    hosts.write("tailer-key", hosts.authority.issue([SENDER]).key)


FILES: dict[str, tuple[Callable[[Hosts], None], str]] = {
    "another key": (_swap, "tailer-key is not that of the certificate in .*tailer-cert"),
    "no key": (lambda hosts: hosts.write("tailer-key", b"none"), "tailer-key has no private key"),
    "an empty key": (lambda hosts: hosts.write("tailer-key", b""), "`tailer-key` is .*, or empty"),
    "no certificate": (
        lambda hosts: hosts.write("tailer-cert", b"nothing"), "tailer-cert has no certificate",
    ),
    "no authority": (
        lambda hosts: hosts.write("tailer-ca", b"no"),
        "tailer-ca has no certificate of an authority",
    ),
    "missing": (
        lambda hosts: (hosts.folder / "tailer-cert").unlink(),
        "`tailer-cert` is missing: no file .*LoadCredential=tailer-cert",
    ),
    "another host's": (
        lambda hosts: hosts.give("tailer", hosts.authority.issue(["web-9"])),
        "tailer-cert is a certificate of web-9, .*and this host is tailer-1.example.com",
    ),
    "a wildcard's": (
        lambda hosts: hosts.give("tailer", hosts.authority.issue(["*.example.com"])),
        r"a certificate of \*.example.com, .*and this host is tailer-1.example.com",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", FILES)
def test_a_start_with_wrong_files_is_refused_with_their_names(
    wrong: str, site: Site, hosts: Hosts
) -> None:
    spoil, says = FILES[wrong]
    spoil(hosts)
    tailer = site.end("tailer")

    tailer.start(site.sender(1, **Hosts.settings("tailer")))

    site.eventually(lambda: tailer.died)
    assert isinstance(tailer.died, StartError)
    site.match(says, str(tailer.died))
    assert not any(line in str(tailer.died) for line in Hosts.secret_lines())
    tailer.died = None


def test_a_sender_whose_own_files_are_gone_when_it_looks_whom_it_met_goes_on_trying(
    site: Site, hosts: Hosts
) -> None:
    tailer, collector = linked(site)
    site.eventually(lambda: tailer.counters.gauges.get("connected") == 1)
    other = hosts.authority.issue(["collector-1.example.com"])
    kept = hosts.authority.issue([RECEIVER, "collector-1.example.com"])
    for name in ("tailer-cert", "tailer-key"):
        (hosts.folder / name).rename(hosts.folder / f"away-{name}")
    collector.stop()
    hosts.give("core", other)
    collector.start(site.receiver(**Hosts.settings("core")))
    site.eventually(lambda: any("another host's" in why for why in tailer.failing))
    assert tailer.died is None

    collector.stop()
    hosts.give("core", kept)
    collector.start(site.receiver(**Hosts.settings("core")))
    tailer.put(range(3))
    assert collector.take(3) == [0, 1, 2]
