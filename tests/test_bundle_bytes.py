"""What a bundle's files are made of is what the standard library, which is slower, makes of it."""

import tarfile
from pathlib import Path

import pytest
from flumec.compiler.archive import Archive
from flumec.compiler.bundle import write_bundle

NAMES = ("h/a", "h/ä", "h/\udc80", f"h/{'x' * 98}", f"h/{'x' * 99}", f"h/{'é' * 90}", "h/d/e/f")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"x" * 513])
def test_an_archive_is_one_that_tar_made(tmp_path: Path, content: bytes) -> None:
    Archive("ours.tar", dict.fromkeys(NAMES, content)).write(tmp_path)
    with tarfile.open(tmp_path / "ours.tar", encoding="utf-8") as ours:
        members = ours.getmembers()
        held = {each.name: ours.extractfile(each) for each in members if each.isfile()}
        assert {name: file.read() for name, file in held.items() if file} == dict.fromkeys(
            NAMES, content
        )
    with tarfile.open(
        tmp_path / "theirs.tar", "w", format=tarfile.GNU_FORMAT, encoding="utf-8"
    ) as theirs:
        (tmp_path / "content").write_bytes(content)
        for member in members:
            with (tmp_path / "content").open("rb") as file:
                theirs.addfile(member, file if member.isfile() else None)
    assert (tmp_path / "ours.tar").read_bytes() == (tmp_path / "theirs.tar").read_bytes()


def test_a_host_shares_its_installer_with_others_and_nothing_else(tmp_path: Path) -> None:
    alike = {
        f"{host}/{name}": bytes(bytearray(b"#!same"))
        for host in ("a", "b")
        for name in ("install", "systemd/flumec.target")
    }
    write_bundle({"manifest.json": b"{}", **alike}, tmp_path / "d")
    one, other = tmp_path / "d" / "a", tmp_path / "d" / "b"
    assert (one / "install").samefile(other / "install")
    assert (other / "install").stat().st_mode & 0o777 == 0o755
    (one / "systemd" / "flumec.target").write_text("edited")
    assert (other / "systemd" / "flumec.target").read_text() == "#!same"
