"""A journal on a file system that can neither preallocate nor punch holes, for real."""

import ctypes
import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec

from tests.disks.conftest import until
from tests.journal.conftest import Rig

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

A, B = ChannelSpec("a", 1 << 30, durable=True), ChannelSpec("b", 1 << 30, durable=True)
_PUNCH_AND_KEEP_SIZE = 3


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on such a file system."""
    try:
        import fuse  # noqa: F401 it looks for its library
    except (ImportError, OSError) as error:
        pytest.skip(f"needs fusepy and libfuse2: {error}")
    if os.geteuid() or not Path("/dev/fuse").exists():
        pytest.skip("needs a superuser and /dev/fuse")
    under, shown = tmp_path / "under", tmp_path / "shown"
    under.mkdir()
    shown.mkdir()
    command = [sys.executable, str(Path(__file__).with_name("plain.py")), str(under), str(shown)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        until(
            lambda: shown.is_mount() or process.poll() is not None,
            (tmp_path / "log").read_text,
        )
        if process.poll() is not None:
            pytest.skip(f"no FUSE here: {(tmp_path / 'log').read_text()}")
        yield shown
    finally:
        subprocess.run(["umount", "-l", str(shown)], capture_output=True, check=False)
        process.terminate()
        process.wait()


def test_it_can_do_neither(plain: Path) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    with (plain / "x").open("wb") as file:
        file.write(b"x" * 100_000)
        file.flush()
        for mode in (0, _PUNCH_AND_KEEP_SIZE):
            done = library.fallocate64(
                file.fileno(), mode, ctypes.c_int64(4096), ctypes.c_int64(8192)
            )
            assert (done, ctypes.get_errno()) == (-1, errno.EOPNOTSUPP)


def test_a_quiet_channel_pins_its_own_rows_alone(plain: Path) -> None:
    rig = Rig(RealDisk(), plain / "journal")
    rig.segment_size = 1 << 20
    rig.open(A, B)
    quiet = []
    began = time.monotonic()
    for _ in range(5):
        row = rig.put("b", size=100).first
        quiet += [row, row + 1]
        for _ in range(200):
            rig.put("a", size=5000)
        rig.done("a", rig.journal._state.next_row)
        assert time.monotonic() - began < 150
    rig.settled()
    files = sorted(rig.directory.glob("*.seg"))
    assert sum(path.stat().st_size for path in files[:-1]) < 100_000, "5 MB were put"
    assert rig.rows("b") == quiet
    rig.reopen()
    assert rig.rows("b") == quiet
    rig.journal.close()
