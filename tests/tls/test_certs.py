"""`flumec certs`: an authority's folder, what it issues, and what it never does."""

import os
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from flumec.compiler.certs import store as store_module
from flumec.compiler.certs.authority import Authority
from flumec.compiler.certs.store import CertsError, Store, write
from flumec.compiler.cli import flumec
from flumec.compiler.cli.failures import CannotRun
from flumec.runtime.tls.certificate import Certificate, called
from killing import killed_at

FLOW = Path(__file__).parents[2] / "examples" / "weblogs" / "weblogs.flow"
HOSTS = {"core-1.example.com", "web-1.example.com", "web-2.example.com"}
ALL = {"flumec-ca", "flumec-cert", "flumec-key"}

Certs = Callable[..., Result]


@pytest.fixture
def certs(tmp_path: Path) -> Certs:
    def run(command: str, *arguments: str) -> Result:
        given = ["certs", command, *arguments, "--dir", str(tmp_path / "certs")]
        result = CliRunner().invoke(flumec, given, catch_exceptions=True)
        if isinstance(result.exception, CannotRun):
            result.stderr_bytes = str(result.exception).encode()
        return result

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_each_host_gets_what_it_needs_and_nobody_else_may_read_it(
    certs: Certs, tmp_path: Path
) -> None:
    certs("init")
    assert certs("issue", str(FLOW)).exit_code == 0

    folder = tmp_path / "certs"
    assert {path.name for path in (folder / "hosts").iterdir()} == HOSTS
    for host in HOSTS:
        assert {path.name for path in (folder / "hosts" / host).iterdir()} == ALL
        shown = Certificate.read((folder / "hosts" / host / "flumec-cert").read_bytes())
        assert host in shown.names
    for path in folder.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_an_authority_is_never_overwritten(certs: Certs, tmp_path: Path) -> None:
    certs("init")
    before = files(tmp_path)

    assert b"there is an authority" in certs("init").stderr_bytes
    assert files(tmp_path) == before
    (tmp_path / "certs" / "ca.pem").unlink()
    assert b"never overwritten" in certs("init").stderr_bytes


def test_a_host_that_has_one_keeps_it_unless_it_is_named(certs: Certs, tmp_path: Path) -> None:
    certs("init")
    certs("issue", str(FLOW))
    before = files(tmp_path)

    assert certs("issue", str(FLOW)).output == ""
    assert files(tmp_path) == before

    certs("issue", str(FLOW), "--host", "web-1.example.com")
    changed = {name for name, content in files(tmp_path).items() if before[name] != content}
    assert changed == {f"certs/hosts/web-1.example.com/{n}" for n in ("flumec-cert", "flumec-key")}


def test_what_ends_soon_is_renewed_by_the_same_names(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.init("test")
    authority = store.authority()
    old = store.issue(authority, "web-1", ["10.0.0.1"], timedelta(days=20))
    store.issue(authority, "web-2", ["10.0.0.2"], timedelta(days=90))

    assert [held.host for held in store.due(timedelta(days=30))] == ["web-1"]
    assert list(store.due(timedelta(days=10))) == []
    assert old.names == {"web-1", "10.0.0.1"}


STEPS = [
    *((os, name) for name in ("open", "mkdir", "rename", "unlink", "rmdir", "fsync")),
    (store_module, "exchange"),
]


@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("can_exchange", [True, False])
def test_killed_at_any_step_a_host_has_its_old_or_its_new_certificate_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool, stride: int
) -> None:
    if not can_exchange:
        monkeypatch.setattr(store_module, "exchange", lambda *_: False)
    store = Store(tmp_path / "certs")
    store.init("test")
    authority, host = store.authority(), tmp_path / "certs" / "hosts" / "web-1"
    store.issue(authority, "web-1", [])
    was, seen = files(host)["flumec-cert"], set()
    for step in range(0, 1000, stride):
        killed = killed_at(step, lambda: store.issue(authority, "web-1", ["10.0.0.1"]), STEPS)
        assert [held.host for held in store.held()] == ["web-1"]
        now = files(host)
        assert now.keys() == ALL
        made = x509.load_pem_x509_certificate(now["flumec-cert"]).public_key()
        key = serialization.load_pem_private_key(now["flumec-key"], None)
        assert made == key.public_key()
        seen.add(now["flumec-cert"] == was)
        if not killed:
            break
        shutil.rmtree(host)
        store.issue(authority, "web-1", [])
        was = files(host)["flumec-cert"]
    assert step > 10
    assert seen == {True, False}
    assert {path.name for path in host.parent.iterdir()} == {"web-1"}


def test_renew_renews_those_alone(certs: Certs, tmp_path: Path) -> None:
    certs("init")
    certs("issue", str(FLOW))
    certs("issue", str(FLOW), "--host", "web-2.example.com", "--days", "20")
    before = files(tmp_path)

    certs("renew", "--within", "30")

    changed = {name for name, content in files(tmp_path).items() if before[name] != content}
    assert changed == {f"certs/hosts/web-2.example.com/{n}" for n in ("flumec-cert", "flumec-key")}
    year = datetime.now(UTC) + timedelta(days=365)
    assert f"{year:%Y-%m-%d}  web-2.example.com" in certs("ls").output
    assert certs("renew", "--within", "30").output == ""


def test_no_certificate_outlives_its_authority(tmp_path: Path) -> None:
    store = Store(tmp_path)
    end = store.init("short", timedelta(days=5)).ends

    assert store.issue(store.authority(), "web-1", []).ends <= end


def test_an_authority_that_has_ended_issues_nothing(tmp_path: Path) -> None:
    gone = Authority.make("old", timedelta(days=5), datetime.now(UTC) - timedelta(days=9))
    write(tmp_path / "ca.pem", gone.certificate)
    write(tmp_path / "ca-key.pem", gone.key)

    with pytest.raises(CertsError, match="has ended"):
        Store(tmp_path).authority()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: (place / "ca-key.pem").unlink(), b"there without `ca-key.pem`"),
        (lambda place: (place / "ca.pem").unlink(), b"there without `ca.pem`"),
        (lambda place: (place / "ca.pem").write_text("nothing"), b"cannot be read"),
        (lambda place: (place / "ca-key.pem").write_bytes(Authority.make("other").key),
         b"the key is not that of the certificate"),
    ],
    ids=["no key", "no certificate", "no PEM", "another key"],
)  # fmt: skip
def test_a_folder_that_is_not_whole_is_told(
    spoil: Callable[[Path], object], said: bytes, certs: Certs, tmp_path: Path
) -> None:
    certs("init")
    spoil(tmp_path / "certs")

    assert said in certs("issue", str(FLOW)).stderr_bytes
    assert not (tmp_path / "certs" / "hosts").exists()


@pytest.mark.parametrize("command", ["init", "ls", "renew"])
def test_an_init_that_was_cut_off_says_the_way_out(
    command: str, certs: Certs, tmp_path: Path
) -> None:
    certs("init")
    (tmp_path / "certs" / "ca.pem").unlink()

    said = certs(command).stderr_bytes.decode()
    assert f"remove `{tmp_path / 'certs' / 'ca-key.pem'}`" in said
    (tmp_path / "certs" / "ca-key.pem").unlink()
    assert certs("init").exit_code == 0


def test_what_a_killed_run_left_is_in_nobodys_way(certs: Certs, tmp_path: Path) -> None:
    certs("init")
    hosts = tmp_path / "certs" / "hosts"
    (hosts / ".web-1.example.com.new").mkdir(parents=True)
    (hosts / ".web-1.example.com.new" / "flumec-key").write_text("half")
    (tmp_path / "certs" / "hosts" / ".web-1.example.com.old").mkdir()

    assert certs("issue", str(FLOW)).exit_code == 0
    assert {path.name for path in hosts.iterdir()} == HOSTS


def test_a_host_that_the_fleet_has_not_is_told(certs: Certs) -> None:
    certs("init")

    said = certs("issue", str(FLOW), "--host", "web-1.example.con").stderr_bytes
    assert b"no host `web-1.example.con`; did you mean `web-1.example.com`?" in said


def test_an_address_is_one_host_however_it_is_written(certs: Certs, tmp_path: Path) -> None:
    store = Store(tmp_path / "certs")
    store.init("test")
    host = "2001:DB8:0:0::1"
    made = store.issue(store.authority(), host, [], timedelta(days=3))
    assert called(host) in made.names == {"2001:db8::1"}
    assert certs("ls").output.splitlines()[1].endswith(f"  {host}"), "and it has no other name"
    certs("renew")
    renewed = store.of(host)
    assert renewed is not None
    assert renewed.names == made.names
    assert renewed.ends > made.ends
