"""What docs/ha.md tells clients to do works, and what it names is there."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.run import Fleet, loopback_addresses

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ha.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VAULT = "vault-1.example.com"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, loopback: None) -> Iterator[Path]:
    """The example's fleet on this machine, running."""
    work = tmp_path_factory.mktemp("page")
    options = Options(sets={"lake": (work / "store").as_uri(), "roll": "1s"})
    flow = ROOT / "examples" / "ha_pair" / "ha_pair.flow"
    plan = compile_fleet([flow], options, addresses=loopback_addresses).plan
    assert plan is not None
    write_bundle(emit(plan), work / "dist")
    with Fleet(work / "dist", plan, work / "state") as fleet:
        assert fleet.wait_ready(60)
        yield work
        assert fleet.wait_idle(60)


def here(text: str, work: Path) -> str:
    """Return a block of the page for the fleet on this machine."""
    for number, name in enumerate(("feed-a", "feed-b"), 1):
        text = text.replace(f"{name}.example.com", f"127.71.0.{number}")
    return text.replace("/var/lib/flumec/book", str(work / "state" / VAULT / "book"))


def run(command: list[str]) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("demo")
def test_its_recipes_store_each_event_once(pair: Path) -> None:
    curl, export = (text for kind, text in BLOCKS if kind == "sh")
    (python,) = (text for kind, text in BLOCKS if kind == "python")
    said = run(["sh", "-c", here(curl, pair)])
    assert sorted(said.split()) == ["127.71.0.1", "127.71.0.2", "200", "200"]

    events = [{"headers": {"client": "ben", "seq": str(n)}, "body": "buy 1 ACME"} for n in range(3)]
    away = here(python, pair).replace("127.71.0.1", "127.71.0.9")  # where nobody listens
    for text, name in ((away, "ben-1"), (here(python, pair), "ben-1")):
        run([sys.executable, "-c", f"{text}\n\npost({events!r}, {name!r})"])

    wanted = [("ann", "1"), *(("ben", str(n)) for n in range(3))]
    stored = wait_for_rows(pair / "store", len(wanted))
    assert sorted((row["client"], row["seq"]) for row in stored) == wanted
    assert run(["sh", "-c", here(export, pair)]) == ""


def wait_for_rows(store: Path, count: int) -> list[dict[str, str]]:
    """Return the headers of what is published, once it is so much."""
    deadline = time.monotonic() + 60
    while True:
        files = [p for p in store.rglob("*") if p.is_file() and ".flumec" not in p.parts]
        rows = [json.loads(line)["headers"] for path in files for line in path.open()]
        if len(rows) >= count:
            return rows
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
