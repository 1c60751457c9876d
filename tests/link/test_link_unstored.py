"""A receiver whose disk fails: both ends say so in words, and nothing unsynced is acknowledged."""

import errno
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.disk import RealFile

Site = Any


def test_a_failed_sync_is_told_to_the_sender_and_is_no_fault_of_the_program(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tailer, collector = site.linked()
    tailer.put(range(10))
    assert collector.take(10) == list(range(10))
    real, state = RealFile.sync, str(collector.state)

    def sync(file: RealFile) -> None:
        if str(Path(f"/proc/self/fd/{file._descriptor}").readlink()).startswith(state):
            raise OSError(errno.EIO, os.strerror(errno.EIO), Path(state))
        real(file)

    monkeypatch.setattr(RealFile, "sync", sync)
    tailer.put(range(10, 20))
    site.eventually(lambda: any("said goodbye" in reason for reason in tailer.failing))
    (told,) = {reason for reason in tailer.failing if "said goodbye" in reason}
    assert "its journal cannot store any more, so its agent ends and is started anew" in told
    said = [record.getMessage() for record in caplog.records]
    assert not [line for line in said if "fault of this program" in line]
    assert tailer.held == 10
