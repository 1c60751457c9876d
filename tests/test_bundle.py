"""A bundle is written whole or not at all, and compared."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flumec.compiler import bundle, exchange
from flumec.compiler.bundle import BundleError, Difference, compare, write_bundle
from killing import killed_at

OLD = {"manifest.json": b'{"flumec bundle": 1, "n": 1}', "a/x.py": b"#!/bin/sh\n", "a/only": b"old"}
NEW = {"manifest.json": b'{"flumec bundle": 1, "n": 2}', "a/x.py": b"#!/bin/sh\n#\n", "b/c/d": b""}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def content(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_a_bundle_holds_exactly_what_was_built(tmp_path: Path) -> None:
    write_bundle(OLD, tmp_path / "deep" / "dist")
    assert content(tmp_path / "deep" / "dist") == OLD
    write_bundle(NEW, tmp_path / "deep" / "dist")
    assert content(tmp_path / "deep" / "dist") == NEW
    assert names(tmp_path / "deep") == ["dist"]


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    write_bundle(NEW, dist)
    before = (dist / "manifest.json").stat().st_ino
    write_bundle(NEW, dist)
    assert (dist / "manifest.json").stat().st_ino == before
    (dist / "a" / "x.py").write_bytes(b"#!/bin/false")
    write_bundle(NEW, dist)
    assert content(dist) == NEW


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        (tmp_path / "made").mkdir(mode=0o700)
        (tmp_path / "made").chmod(0o700)
        write_bundle(NEW, tmp_path / "made" / "dist")
    finally:
        os.umask(before)
    dist = tmp_path / "made" / "dist"
    modes = {path.name: path.stat().st_mode & 0o777 for path in (dist, *dist.rglob("*"))}
    assert modes == {
        "dist": 0o755, "a": 0o755, "b": 0o755, "c": 0o755,
        "manifest.json": 0o644, "x.py": 0o755, "d": 0o644,
    }  # fmt: skip


def test_what_is_no_bundle_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(BundleError, match="is no flumec bundle, and will not be replaced"):
        write_bundle(NEW, tmp_path / "home")
    (tmp_path / "home" / "manifest.json").write_text('{"name": "somebody else\'s"}')
    with pytest.raises(BundleError, match="is no flumec bundle"):
        write_bundle(NEW, tmp_path / "home")
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="is a file"):
        write_bundle(NEW, tmp_path / "file")
    assert (tmp_path / "home" / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_becomes_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    write_bundle(NEW, tmp_path / "dist")
    assert content(tmp_path / "dist") == NEW


def test_a_link_to_a_bundle_stays_a_link(tmp_path: Path) -> None:
    write_bundle(OLD, tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    write_bundle(NEW, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert content(tmp_path / "real") == NEW


def test_what_cannot_be_written_leaves_the_old_bundle(tmp_path: Path) -> None:
    write_bundle(OLD, tmp_path / "dist")
    with pytest.raises(BundleError, match=r"cannot write the bundle .*File name too long"):
        write_bundle({**NEW, "h" * 300: b""}, tmp_path / "dist")
    assert content(tmp_path / "dist") == OLD
    assert names(tmp_path) == ["dist"]


STEPS = [
    *((os, name) for name in ("open", "mkdir", "rename", "fchmod", "unlink", "rmdir", "fsync")),
    (bundle, "exchange"),
]


@pytest.mark.slow
@pytest.mark.parametrize("can_exchange", [True, False])
def test_killed_at_any_step_it_is_the_old_or_the_new_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(bundle, "exchange", lambda *_: False)
    seen = set()
    for step in range(1000):
        dist = tmp_path / f"{step}" / "dist"
        write_bundle(OLD, dist)
        killed = killed_at(step, lambda dist=dist: write_bundle(NEW, dist), STEPS)  # type: ignore[misc]
        if dist.exists():
            now = content(dist)
            assert now in (OLD, NEW)
            seen.add("new" if now == NEW else "old")
        else:
            assert not can_exchange
            seen.add("between")
        write_bundle(NEW, dist)
        assert content(dist) == NEW
        assert names(dist.parent) == ["dist"]
        if not killed:
            break
    assert step > 20
    assert seen == ({"old", "new"} if can_exchange else {"old", "new", "between"})


@pytest.mark.slow
def test_builds_at_once_leave_one_whole_bundle(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    write_bundle(OLD, dist)
    with ThreadPoolExecutor() as writers:
        for _ in writers.map(write_bundle, (OLD, NEW, NEW, OLD) * 25, [dist] * 100):
            pass
    assert content(dist) in (OLD, NEW)
    write_bundle(NEW, dist)
    assert names(tmp_path) == ["dist"]


@pytest.mark.slow
def test_a_reader_finds_a_bundle_at_every_moment(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    write_bundle(OLD, dist)
    if not exchange.exchange(dist, dist):
        pytest.skip("this file system cannot exchange two folders")
    ended = threading.Event()
    missed = []

    def look() -> None:
        while not ended.is_set():
            if not (dist / "manifest.json").exists():
                missed.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for files in (NEW, OLD) * 30:
        write_bundle(files, dist)
    ended.set()
    reader.join()
    assert not missed


@pytest.mark.parametrize("umask", [0o002, 0o077])
def test_a_bundle_that_was_checked_out_is_the_same(tmp_path: Path, umask: int) -> None:
    dist = tmp_path / "dist"
    write_bundle(NEW, dist)
    for path in dist.rglob("*"):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod((0o777 if executable else 0o666) & ~umask)
    assert list(compare(NEW, dist)) == []
    (dist / "a" / "x.py").chmod(0o644)
    assert list(compare(NEW, dist)) == [Difference("changed", "a/x.py")]
    write_bundle(NEW, dist)
    assert (dist / "manifest.json").stat().st_mode & 0o777 == 0o644


def test_compare_names_every_difference(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    write_bundle(OLD, dist)
    assert list(compare(OLD, dist)) == []
    assert list(compare(NEW, dist)) == [
        Difference("extra", "a/only"),
        Difference("changed", "a/x.py"),
        Difference("missing", "b/c/d"),
        Difference("changed", "manifest.json"),
    ]
    (dist / "a" / "x.py").chmod(0o644)
    assert [str(each) for each in compare(OLD, dist)] == ["changed  a/x.py"]
    with pytest.raises(BundleError, match="is no flumec bundle"):
        list(compare(OLD, tmp_path))
