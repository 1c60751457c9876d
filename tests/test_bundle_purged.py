"""`install --remove --purge` as root, against agents' users who have prepared something for it."""

import contextlib
import fcntl
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from trees import tree

FLOW = """
hosts web = ["web-1"] {
  user = "nobody"
}

agent tailer on web {
  source numbers : seq

  journal vault {
    directory = "/srv/disk/vault"
  }

  channel spool : file {
    journal = vault
  }

  sink none : null

  numbers -> spool
  spool -> none
}
"""
STATE = "/var/lib/flumec/tailer"
NOBODY = pwd.getpwnam("nobody")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root purges what is another's"),
]


class Image:
    """An image of a host that the bundle is installed in, with an agent's state in it."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        assert self.run("--apply").returncode == 0
        self.state = self.own(STATE)
        self.vault = self.own("/srv/disk/vault", agent=STATE, segment="data")
        self.others = self.own("/srv/other/treasure", agent=STATE, gold="much")

    def own(self, place: str, **files: str) -> Path:
        """Have a folder of the agent's user, with these files."""
        folder = self.at(place)
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
        return folder

    def at(self, place: str) -> Path:
        return self.root / place.lstrip("/")

    def claim(self, *places: object) -> None:
        (self.state / "journals.json").write_text(json.dumps(places))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", self.folder / "install", *arguments, "--root", self.root],
            capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
            timeout=60,
        )  # fmt: skip

    def purge(self) -> str:
        done = self.run("--remove", "--purge", "--lose-undelivered")
        assert (done.returncode, done.stderr) == (0, "")
        assert not self.at("/var/lib/flumec").exists()
        assert not self.at("/opt/flumec").exists()
        return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiled = compile_text(FLOW)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    dist = tmp_path_factory.mktemp("built") / "dist"
    write_bundle(emit(compiled.plan), dist)
    return dist / "web-1"


@pytest.fixture
def image(folder: Path, tmp_path: Path) -> Image:
    return Image(folder, tmp_path / "image")


def test_a_declared_journal_goes_and_one_that_is_only_claimed_stays(image: Image) -> None:
    image.claim("/srv/disk/vault", "/srv/other/treasure", "/etc", "../..", 7, "\x1b[2Jgone", None)
    said = image.purge()
    assert not image.vault.exists()
    assert tree(image.others) == {
        "agent": (0o100644, STATE.encode()), "gold": (0o100644, b"much"),
    }  # fmt: skip
    assert '"/srv/other/treasure" is left' in said
    assert '"/etc" is left' in said
    assert "\x1b" not in said


def linked(image: Image) -> None:
    image.vault.rename(image.at("/srv/disk/was"))
    image.vault.symlink_to(image.others)


def linked_above(image: Image) -> None:
    image.others.rename(image.others.with_name("vault"))
    image.at("/srv/disk").rename(image.at("/srv/was"))
    image.at("/srv/disk").symlink_to(image.at("/srv/other"))
    image.others = image.at("/srv/other/vault")


def another_mark(image: Image) -> None:
    (image.vault / "agent").write_text("/var/lib/flumec/other")


def linked_mark(image: Image) -> None:
    (image.others / "said").write_text(STATE)
    (image.vault / "agent").unlink()
    (image.vault / "agent").symlink_to(image.others / "said")


def piped_mark(image: Image) -> None:
    (image.vault / "agent").unlink()
    os.mkfifo(image.vault / "agent")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (linked, "`vault` in its path is a link"),
        (linked_above, "`disk` in its path is a link"),
        (another_mark, "does not say /var/lib/flumec/tailer"),
        (linked_mark, "Too many levels of symbolic links"),
        (piped_mark, "its `agent` is no file"),
    ],
)
def test_what_is_not_the_declared_journal_is_named_and_left(
    image: Image, prepare: Callable[[Image], None], why: str
) -> None:
    prepare(image)
    before = tree(image.at("/srv"))
    said = image.purge()
    assert f"{image.vault} is left: " in said
    assert why in said
    assert tree(image.at("/srv")) == before


def test_links_in_what_goes_lead_nobody_away(image: Image) -> None:
    for place in (image.vault, image.state):
        (place / "link").symlink_to(image.others)
        (place / "deep").mkdir()
        (place / "deep" / "up").symlink_to("../../..")
    image.at("/var/lib/flumec/other").symlink_to(image.others)
    before = tree(image.others)
    image.purge()
    assert not image.vault.exists()
    assert tree(image.others) == before


@pytest.mark.parametrize(
    "claims",
    ["pipe", "link", "[" * 60_000, '{"a": 1}', "\xff"],
    ids=["pipe", "link", "deep", "object", "no JSON"],
)
def test_no_claim_keeps_root_from_its_work(image: Image, claims: str) -> None:
    path = image.state / "journals.json"
    if claims == "pipe":
        os.mkfifo(path)
    elif claims == "link":
        path.symlink_to("/dev/zero")
    else:
        path.write_text(claims)
    assert "is left" not in image.purge()


@contextlib.contextmanager
def held_by_nobody(path: Path) -> Iterator[bool]:
    """Let another user hold a lock on a path, if it can; yield whether it does."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(NOBODY.pw_gid)
            os.setuid(NOBODY.pw_uid)
            try:
                fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
                os.write(there, b"1")
            except OSError:
                os.write(there, b"0")
            os.close(there)
            signal.pause()
        finally:
            os._exit(0)
    try:
        yield os.read(here, 1) == b"1"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_no_other_user_can_keep_the_installer_out(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        image = Image(folder, Path(place) / "image")
        with held_by_nobody(image.at("/opt/flumec")) as holds:
            assert holds, "anybody may lock the folder"
            assert image.run("--apply").returncode == 0
        with held_by_nobody(image.at("/opt/flumec/lock")) as holds:
            assert not holds
        with image.at("/opt/flumec/lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert "another installer is at work" in image.run("--apply").stderr
