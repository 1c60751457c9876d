"""A directory that changes while it is looked at is looked at again."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.tail.patterns import Directories, Entry, Pattern
from flumec.runtime.tail.registry import Registry
from flumec.runtime.tail.scan import Scanner


def test_a_file_that_comes_between_two_patterns_is_found_by_the_next_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "access.log"
    (tmp_path / "access.log.1").write_text("old\n")
    paths = Pattern.paths

    def late(self: Pattern, directories: Directories, now: int) -> Iterator[tuple[str, Entry]]:
        if self.text.endswith("*"):  # access.log was looked for, and was not there
            log.write_text("new\n")
        yield from paths(self, directories, now)

    registry = Registry(64)
    scanner = Scanner([str(log)], [f"{log}.*"], registry, logging.getLogger("test"))
    with monkeypatch.context() as patched:
        patched.setattr(Pattern, "paths", late)
        scanner.scan(time.time_ns(), time.monotonic())
    assert set(registry.undecided) == {f"{log}.1"}

    scanner.scan(time.time_ns(), time.monotonic())

    assert set(registry.undecided) == {f"{log}.1", str(log)}
    registry.close_all()
