"""Real logs come out byte for byte, with CRLF, stray CR, long lines and no last newline."""

import os
import random
from pathlib import Path

import pytest
from flumec.runtime.component import Size

from tests.tail.conftest import Rig


def shapes() -> dict[str, bytes]:
    """Return the real logs that FLUMEC_LOGS names, else logs of the same shapes."""
    if folder := os.environ.get("FLUMEC_LOGS"):
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.log"))}
    random.seed(7)
    lines = [bytes(random.choices(b"abc =/[]\t", k=random.randint(0, 200))) for _ in range(2000)]
    lines[100] = b"x" * 967
    lines[200] = b"stray \r in the middle\r"
    return {
        "lf.log": b"\n".join(lines) + b"\n",
        "crlf.log": b"\r\n".join(lines),
        "no_newline.log": b"\n".join(lines),
    }


LOGS = shapes()


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("batch", ["4KiB", "1MiB"])
def test_byte_for_byte(rig: Rig, name: str, batch: str) -> None:
    rig.declare("a.log", unfinished="emit", batch=Size(batch))
    data = LOGS[name]
    third = len(data) // 3
    rig.write("a.log", data[:third])
    rig.start()
    rig.settle()
    rig.write("a.log", data[third : 2 * third])
    rig.restart()
    rig.settle()
    rig.write("a.log", data[2 * third :])
    rig.rest()

    newline = b"\n" if data.endswith(b"\n") else b""
    assert b"\n".join(rig.lines) + newline == data
