"""The HDFS that the tests run against does what they ask of it."""

import time
from typing import Any

import pytest
from hdfs.util import HdfsError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_files_outlive_a_killed_namenode(hdfs: Any) -> None:
    hdfs.client().write("/kept/file", data=b"x" * 3_000_000)
    began = time.monotonic()
    hdfs.kill_namenode()
    hdfs.heal()
    print(f"up again in {time.monotonic() - began:.1f} s")

    assert hdfs.published("/kept") == {"file": b"x" * 3_000_000}


def test_safe_mode_refuses_changes(hdfs: Any) -> None:
    hdfs.safe_mode(on=True)
    with pytest.raises(HdfsError, match="safe mode"):
        hdfs.client().makedirs("/never")
    hdfs.safe_mode(on=False)
    hdfs.client().makedirs("/now")


def test_quotas_hold_and_are_lifted(hdfs: Any) -> None:
    path = hdfs.make("/bounded")
    hdfs.quota(path, size=1000, names=1)
    with pytest.raises(HdfsError, match="quota"):
        hdfs.client().makedirs("/bounded/more")
    hdfs.quota(path)
    hdfs.client().write("/bounded/more/file", data=b"content")


def test_a_datanode_comes_back(hdfs: Any) -> None:
    hdfs.client().write("/there/file", data=b"content", overwrite=True)
    hdfs.kill_datanode()
    hdfs.start_datanode()
    hdfs.heal()

    assert hdfs.published("/there") == {"file": b"content"}
