"""What docs/http.md says of TLS is so: its flow runs, and its command posts to it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.checking import published
from flumec.runtime.messages import every_message

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "http.md").read_text()
TLS = PAGE.partition("## TLS\n")[2].partition("\n## ")[0]

FLOW = """
hosts web = ["gateway-1"]

agent gateway on web {{
{source}
  channel spool : file

  sink files : file_roll {{
    directory = "{store}"

    roll {{
      every = 100ms
    }}
  }}

  events -> spool
  spool -> files
}}
"""


@contextmanager
def running(folder: Path, port: int) -> Iterator[None]:
    """Have the page's source run by `flumec run`, at a port that is free."""
    (source,) = re.findall(r"^```flow\n(.*?)^```", TLS, re.MULTILINE | re.DOTALL)
    text = FLOW.format(source=source.replace("8443", str(port)), store=folder / "store")
    (folder / "gateway.flow").write_text(text)
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flumec.compiler", "run", "gateway.flow", "--state", "state"],
            cwd=folder, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while f"listens on https://127.71.0.1:{port}/" not in (folder / "said").read_text():
            assert time.monotonic() < deadline, (folder / "said").read_text()
            assert process.poll() is None, (folder / "said").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.slow
@pytest.mark.skipif(not os.access("/usr/bin/curl", os.X_OK), reason="curl is not installed here")
def test_its_command_posts_to_its_source(tmp_path: Path, loopback: None) -> None:
    (command,) = re.findall(r"^```sh\n(.*?)^```", TLS, re.MULTILINE | re.DOTALL)
    port = 18443

    with running(tmp_path, port):
        for command_line, code in (
            (command, 0),
            (re.sub(r"--cert .*", "\\\\", command), 56),  # without a certificate: an alert
            (command.replace("https:", "http:"), 0),
        ):
            ran = subprocess.run(
                command_line.replace("8443", str(port)), shell=True, cwd=tmp_path,
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert ran.returncode == code, ran.stdout + ran.stderr
            answered = "200 OK" if command_line is command else "400 Bad" if code == 0 else ""
            assert answered in ran.stdout
        wait_for_rows(tmp_path / "store", ["user=ann"])

    said = (tmp_path / "said").read_text()
    assert "Traceback" not in said
    assert "RT354" in said
    key = (tmp_path / "state" / ".client" / "flumec-key").stat()
    assert key.st_mode & 0o077 == 0


def wait_for_rows(store: Path, rows: list[str]) -> None:
    deadline = time.monotonic() + 30
    while True:
        files = [path for path in map(Path, published(store)) if path.name[0] not in "._"]
        found = [line for path in files for line in path.read_text().splitlines()]
        if found == rows:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_the_messages_and_pages_that_it_names_exist() -> None:
    assert set(re.findall(r"RT\d{3}", PAGE)) <= every_message().keys()
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [link for link in links if not (DOCS / link).exists()] == []
