"""Logs as they are: CRLF, stray CRs, long lines, no last newline; byte for byte over two hops."""

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.run import Fleet, loopback_addresses

pytestmark = pytest.mark.timeout(180)

FLOW = """\
hosts web = ["web-1"]

hosts core = ["core-1"]

agent tailer on web {{
  source logs : taildir {{
    files = ["{logs}/*.log"]
    line_end = keep
    unfinished = emit
    idle = 300ms
    path_header = header.file
  }}

  channel spool : file

  logs -> host() -> spool
}}

agent collector on core {{
  channel inbox : file

  sink files : file_roll {{
    directory = "{store}"
    path = "%{{file}}"
    newline = false

    roll {{
      idle = 500ms
    }}
  }}

  inbox -> files
}}

tailer.spool => collector.inbox {{
  port = {port}
}}
"""


def generated(folder: Path) -> Path:
    """Write logs of the shapes that real ones have."""
    rng = random.Random(7)

    def text(most: int) -> bytes:
        return bytes(
            rng.choice(b"abcdefghij 0123456789\t\xc3\xa9\xff[]:-")
            for _ in range(rng.randrange(most))
        )

    shapes = {
        "lf.log": b"".join(text(200) + b"\n" for _ in range(2000)),
        "crlf_no_last.log": b"\r\n".join(text(300) for _ in range(2000)),
        "stray_cr.log": b"\n".join(text(80) + b"\r" + text(80) for _ in range(500)) + b"\n",
        "long.log": b"\n".join(text(100_000) for _ in range(20)),
        "empty_lines.log": b"\n\n\r\n\n" + text(20) + b"\n\n",
        "nul.log": b"a\x00b\n\x00\n" + text(50),
    }
    for name, content in shapes.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(params=["generated", "real"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder of logs: generated ones, and where FLUMEC_LOGS names a folder, its."""
    if request.param == "generated":
        folder = tmp_path / "logs"
        folder.mkdir()
        yield generated(folder)
    elif "FLUMEC_LOGS" in os.environ:
        yield Path(os.environ["FLUMEC_LOGS"]).absolute()
    else:
        pytest.skip("FLUMEC_LOGS names no folder of real logs")


@pytest.mark.slow
def test_every_file_comes_out_byte_for_byte(logs: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with socket.create_server(("127.71.0.3", 0)) as probe:
        port = probe.getsockname()[1]
    text = FLOW.format(logs=logs, store=store, port=port)
    compiled = compile_text(text, addresses=loopback_addresses)
    assert compiled.plan is not None, [str(d.message) for d in compiled.diagnostics]
    write_bundle(emit(compiled.plan), tmp_path / "dist")
    said: list[str] = []

    with Fleet(
        tmp_path / "dist",
        compiled.plan,
        tmp_path / "state",
        on_line=lambda agent, line: said.append(f"{agent}: {line}"),
    ) as fleet:
        assert fleet.wait_ready(60), said
        assert fleet.wait_idle(100, settle=1.5), said

    for path in sorted(logs.glob("*.log")):
        folder = store / str(path).lstrip("/")
        folders = (
            [folder]
            if folder.exists()
            else [p for p in store.rglob(f"*{path.name}*") if p.is_dir()]
        )
        parts = sorted(p for each in folders for p in each.iterdir() if p.is_file())
        came = b"".join(part.read_bytes() for part in parts)
        assert came == path.read_bytes(), f"{path.name}: {len(came)} of {path.stat().st_size} bytes"
